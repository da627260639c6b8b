import { Aedes, type AedesPublishPacket } from "aedes";
import { SecurePort } from "../../emulator/broker/secure-port.js";
import { Pki } from "../../emulator/identity/pki.js";
import { keyDirectory } from "./lab.js";

/** A broker that is nothing but one: mutual TLS, and every message goes to who subscribed. */
export class PlainBroker {
	readonly #port: SecurePort;
	readonly #aedes: Aedes;

	private constructor(port: SecurePort, aedes: Aedes) {
		this.#port = port;
		this.#aedes = aedes;
	}

	static async start(): Promise<PlainBroker> {
		const pki = await Pki.open(keyDirectory);
		const { ca } = pki;
		const port = await SecurePort.listen({
			...{ host: "127.0.0.1", port: 0, ca, server: await pki.server([]) },
			...{ demandCertificate: true, protocols: ["mqtt"] },
		});
		const aedes = await Aedes.createBroker({ maxTopicLevels: 100 });
		port.on("connection", (socket) => aedes.handle(socket));
		return new PlainBroker(port, aedes);
	}

	get url(): URL {
		return new URL(`mqtts://127.0.0.1:${this.#port.port}`);
	}

	/** Sees what is published. */
	onPublish(listener: (packet: AedesPublishPacket) => void): void {
		this.#aedes.on("publish", listener);
	}

	/** Refuses what the service subscribes to. */
	refuseSubscriptions(): void {
		this.#aedes.authorizeSubscribe = (_client, _subscription, done) => done(null, null);
	}

	publish(topic: string, payload: string, retain: boolean): void {
		this.#aedes.publish({ cmd: "publish", topic, payload, qos: 1, retain, dup: false }, () => undefined);
	}

	async restart(): Promise<void> {
		await this.#port.restart();
	}

	async close(): Promise<void> {
		await this.#port.close();
		await new Promise<void>((resolve) => this.#aedes.close(resolve));
	}
}
