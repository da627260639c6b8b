import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { generate, parser as makeParser, type Packet } from "mqtt-packet";
import { type Credentials, readCredentials } from "../../device/credentials.js";
import { Pki } from "../../emulator/identity/pki.js";
import { keyDirectory } from "./lab.js";

/** A request as the device has published it. */
export interface Published {
	readonly topic: string;
	readonly payload: Record<string, unknown>;
	readonly messageId: number | undefined;
}

interface Events {
	connected: [];
	publish: [Published];
	packet: [Packet];
	closed: [];
}

/**
 * A broker whose every word is the test's: it says what no honest service would, or keeps silent. Packets are made and
 * read by mqtt-packet, not by the code under test.
 */
export class ScriptedBroker extends EventEmitter<Events> {
	readonly #server: Server;
	#socket: TLSSocket | undefined;
	/** PUBACK and SUBACK are sent by themselves. */
	acknowledge = true;

	private constructor(server: Server) {
		super();
		this.#server = server;
		server.on("secureConnection", (socket) => this.#accept(socket));
		server.on("tlsClientError", () => this.emit("closed"));
	}

	static async start(options: { cert?: string; key?: string; host?: string } = {}): Promise<ScriptedBroker> {
		const pki = await Pki.open(keyDirectory);
		const pair = await pki.server([]);
		const server = createServer({
			key: options.key ?? pair.privateKey,
			cert: options.cert ?? pair.certificate,
			ca: pki.ca,
			requestCert: true,
			noDelay: true,
		});
		server.listen(0, options.host ?? "127.0.0.1");
		await once(server, "listening");
		return new ScriptedBroker(server);
	}

	static async credentials(thing = "alpha"): Promise<Credentials> {
		const pki = await Pki.open(keyDirectory);
		const { files } = await pki.thing(thing);
		return readCredentials({ ca: join(keyDirectory, "ca.pem"), ...files });
	}

	/** The CA that made the credentials, PEM. */
	static get ca(): string {
		return readFileSync(join(keyDirectory, "ca.pem"), "utf8");
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	/** A message as the service sends one. */
	send(topic: string, payload: object | string | Uint8Array, qos: 0 | 1 = 1): void {
		this.raw(this.packet(topic, payload, qos));
	}

	/** Accepts a request, with its client token. */
	accept(request: Published, members: object = {}): void {
		this.#answer("accepted", request, members);
	}

	/** Rejects a request, with its client token. */
	reject(request: Published, code: string, members: object = {}): void {
		this.#answer("rejected", request, { code, message: "", ...members });
	}

	#answer(outcome: string, { topic, payload: { clientToken } }: Published, members: object): void {
		this.send(`${topic}/${outcome}`, { clientToken, timestamp: 1, ...members });
	}

	packet(topic: string, payload: object | string | Uint8Array, qos: 0 | 1 = 1): Buffer {
		const bytes =
			typeof payload === "string" || payload instanceof Uint8Array
				? Buffer.from(payload as string)
				: Buffer.from(JSON.stringify(payload));
		return generate({ cmd: "publish", topic, payload: bytes, qos, messageId: 1, retain: false, dup: false });
	}

	/** Any bytes. */
	raw(bytes: Uint8Array): void {
		this.#socket?.write(bytes);
	}

	/** The next publish of the device. */
	async next(): Promise<Published> {
		const [publish] = await once(this, "publish");
		return publish;
	}

	drop(): void {
		this.#socket?.destroy();
	}

	async close(): Promise<void> {
		const closed = once(this.#server, "close");
		this.#server.close();
		this.#socket?.destroy();
		await closed;
	}

	#accept(socket: TLSSocket): void {
		this.#socket = socket;
		const parser = makeParser({ protocolVersion: 4 });
		socket.on("data", (bytes) => parser.parse(bytes));
		socket.on("error", () => undefined);
		socket.on("close", () => this.emit("closed"));
		parser.on("packet", (packet) => this.#packet(packet));
		parser.on("error", () => socket.destroy());
	}

	#packet(packet: Packet): void {
		this.emit("packet", packet);
		if (packet.cmd === "connect") this.raw(generate({ cmd: "connack", returnCode: 0, sessionPresent: false }));
		if (!this.acknowledge) return;
		if (packet.cmd === "subscribe") {
			this.raw(generate({ cmd: "suback", messageId: packet.messageId as number, granted: [1] }));
			this.emit("connected");
		} else if (packet.cmd === "publish") {
			if (packet.qos === 1) this.raw(generate({ cmd: "puback", messageId: packet.messageId as number }));
			const payload = JSON.parse(packet.payload.toString());
			this.emit("publish", { topic: packet.topic, payload, messageId: packet.messageId });
		} else if (packet.cmd === "pingreq") this.raw(generate({ cmd: "pingresp" }));
	}
}

const BASE = "$aws/things/alpha/jobs";

/** An execution as StartNext and Describe hand it out. */
export function execution(members: Record<string, unknown> = {}): Record<string, unknown> {
	return {
		jobId: "job",
		thingName: "alpha",
		status: "IN_PROGRESS",
		queuedAt: 1_700_000_000,
		startedAt: 1_700_000_001,
		lastUpdatedAt: 1_700_000_001,
		versionNumber: 2,
		executionNumber: 1,
		jobDocument: { operation: "reboot" },
		...members,
	};
}

/** One whose handler waits for the test. */
export const waitingJob = execution({ jobDocument: { operation: "wait" } });

export const topics = {
	startNext: `${BASE}/start-next`,
	notifyNext: `${BASE}/notify-next`,
	update: (jobId = "job") => `${BASE}/${jobId}/update`,
	describe: (jobId = "job") => `${BASE}/${jobId}/get`,
};
