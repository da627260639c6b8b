import { EventEmitter } from "node:events";
import type { TLSSocket } from "node:tls";
import { connect, type IClientOptions, type IPublishPacket, type MqttClient } from "mqtt";
import type { Clock } from "../../clock.js";
import type { Direction, Faults } from "../faults/faults.js";
import { FaultyPath, type HeldBack } from "../faults/faulty-path.js";
import type { Pair } from "../identity/pki.js";
import { type BrokerEvents, readServiceTopic, type ServiceBroker, type WireMessage } from "./service-broker.js";

export interface RemoteBrokerOptions {
	/** `mqtts://HOST:PORT`, or `mqtt://HOST:PORT` on a trusted network; with user and password if the broker wants them. */
	readonly url: URL;
	/** PEM: the CA of the broker. */
	readonly ca: string;
	/** The certificate with which the service connects. */
	readonly pair: Pair;
	readonly faults: Faults;
	readonly clock: Clock;
	/** Told why the broker cannot be reached, while `connect` retries. */
	readonly log: (line: string) => void;
}

/** The service's client id, and the common name of its certificate. No thing can have this name, since it has dots. */
export const SERVICE_NAME = "iot.jobs.service";
/** The topics of requests. Those of answers are not among them, or the service would hear itself. */
const REQUESTS = [
	"$aws/things/+/jobs/get",
	"$aws/things/+/jobs/start-next",
	"$aws/things/+/jobs/+/get",
	"$aws/things/+/jobs/+/update",
	"$aws/things/+/streams/+/get/+",
	"$aws/things/+/streams/+/describe/+",
];
const RECONNECT_MS = 2_000;

/**
 * An external broker, or a cluster of them, of which the service is a client (`iot-jobs emulate --broker`). Two things differ from
 * AWS: an answer is published, so that it reaches those who have subscribed to it; and who may publish a request is up to the
 * broker's own rules, since the service does not learn which client sent it.
 */
export class RemoteBroker extends EventEmitter<BrokerEvents> implements ServiceBroker {
	readonly host: string;
	readonly port: number;
	readonly #client: MqttClient;
	readonly #path: FaultyPath;
	#connected = true;
	/** By thing name, since the service does not see connections. */
	readonly #heldBack = new Map<string, HeldBack>();

	private constructor({ url, faults, clock }: RemoteBrokerOptions, client: MqttClient) {
		super();
		this.host = hostOf(url);
		this.port = portOf(url);
		this.#client = client;
		this.#path = new FaultyPath(faults, clock, (what) => this.emit("restart", what));
		client.on("message", (topic, payload, packet) => this.#received(topic, payload, packet));
		client.on("error", (error) => this.emit("log", `broker: ${describe(error)}`));
		client.on("close", () => {
			if (this.#connected) this.emit("log", "the connection to the broker is lost; reconnecting");
			this.#connected = false;
		});
		client.on("connect", () => {
			this.#connected = true;
			this.emit("log", "connected to the broker again");
			subscribe(client).catch((error: Error) => this.emit("log", error.message));
		});
	}

	/** Retries until the broker is reached. @throws when it refuses the subscriptions */
	static async connect(options: RemoteBrokerOptions): Promise<RemoteBroker> {
		const client = connect(clientOptions(options));
		let before = "";
		const failed = (error: Error) => {
			const line = `the broker at ${options.url.host} cannot be reached yet, retrying: ${describe(error)}`;
			if (line !== before) options.log(line);
			before = line;
		};
		client.on("error", failed);
		await new Promise<void>((resolve) => client.once("connect", () => resolve()));
		try {
			await subscribe(client);
		} catch (error) {
			client.end(true);
			throw error;
		}
		client.off("error", failed);
		return new RemoteBroker(options, client);
	}

	publish(topic: string, payload: object): void {
		this.#send(topic, Buffer.from(JSON.stringify(payload)), 1, readServiceTopic(topic)?.thingName ?? "");
	}

	accept(socket: TLSSocket): void {
		this.emit("log", `refused: MQTT is at ${this.host}:${this.port}, not on the HTTPS port`);
		socket.destroy();
	}

	trust(): void {
		this.emit("log", `certificates of other CAs cannot be registered at the broker at ${this.host}`);
	}

	disconnect(thingName: string): void {
		this.emit("log", `the connection of ${thingName} cannot be cut: it belongs to the broker at ${this.host}`);
	}

	refuse(certificateId: string): void {
		this.emit("log", `the connections of ${certificateId} cannot be cut: they belong to the broker at ${this.host}`);
	}

	async restart(): Promise<void> {
		this.#client.reconnect();
	}

	async close(): Promise<void> {
		this.#path.close();
		this.#client.removeAllListeners("close");
		await this.#client.endAsync();
	}

	#received(topic: string, payload: Buffer, { qos, retain }: IPublishPacket): void {
		const about = readServiceTopic(topic);
		if (about === undefined) return;
		// AWS refuses RETAIN on these topics. Carried out here, it would be repeated at each connection.
		if (retain) return void this.emit("log", `ignored: a retained message on ${topic}`);
		const { thingName, service } = about;
		this.#message("device", thingName, topic, payload);
		const answerQos = service === "jobs" && qos > 0 ? 1 : 0;
		const send = (to: string, body: Buffer) =>
			this.#pass(thingName, "device", to, () => this.#send(to, body, answerQos, thingName));
		this.#pass(thingName, "service", topic, (fault) => this.emit("request", { ...about, topic, payload, fault, send }));
	}

	#pass(thingName: string, to: Direction, topic: string, deliver: Parameters<FaultyPath["pass"]>[0]["deliver"]): void {
		const heldBack = this.#heldBack.get(thingName) ?? {};
		const cut = () => this.disconnect(thingName);
		this.#path.pass({ thingName, to, topic, heldBack, deliver, cut });
		// A client can name any thing in a topic, so only things with a message held back are kept.
		if (Object.keys(heldBack).length > 0) this.#heldBack.set(thingName, heldBack);
		else this.#heldBack.delete(thingName);
	}

	#send(topic: string, payload: Buffer, qos: 0 | 1, thingName: string): void {
		this.#message("service", thingName, topic, payload);
		this.#client.publish(topic, payload, { qos }, (error) => {
			if (error) this.emit("log", `publishing on ${topic} failed: ${error.message}`);
		});
	}

	#message(from: WireMessage["from"], thingName: string, topic: string, payload: Buffer): void {
		this.emit("message", { from, thingName, clientId: "", topic, payload });
	}
}

function clientOptions({ url, ca, pair }: RemoteBrokerOptions): IClientOptions {
	const isSecure = url.protocol === "mqtts:";
	return {
		protocol: isSecure ? "mqtts" : "mqtt",
		host: hostOf(url),
		port: portOf(url),
		clientId: SERVICE_NAME,
		clean: true,
		resubscribe: false, // done by `subscribe`, which reports a refusal
		queueQoSZero: false,
		reconnectPeriod: RECONNECT_MS,
		...(url.username !== "" && { username: decodeURIComponent(url.username) }),
		...(url.password !== "" && { password: decodeURIComponent(url.password) }),
		...(isSecure && { ca, cert: pair.certificate, key: pair.privateKey }),
	};
}

/** Without the brackets of an IPv6 address. */
function hostOf(url: URL): string {
	return url.hostname.replace(/^\[|\]$/g, "");
}

function portOf(url: URL): number {
	return url.port === "" ? (url.protocol === "mqtts:" ? 8_883 : 1_883) : Number(url.port);
}

/** @throws when one is refused */
async function subscribe(client: MqttClient): Promise<void> {
	for (const topic of REQUESTS) {
		try {
			await client.subscribeAsync(topic, { qos: 1 });
		} catch (error) {
			const why = describe(error as Error);
			throw new Error(`the service has no subscription to ${topic}: ${why}; is ${SERVICE_NAME} allowed $aws/# there?`);
		}
	}
}

/** When a name has several addresses, the error of connecting has no message, only a code. */
function describe(error: Error): string {
	const { message, code = "" } = error as NodeJS.ErrnoException;
	return message === "" ? code : message;
}
