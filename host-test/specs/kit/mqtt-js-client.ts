import type { SecureContextOptions, TLSSocket } from "node:tls";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import type { Emulator } from "../../emulator/emulator.js";
import { pemOf } from "./lab.js";

interface Heard {
	readonly topic: string;
	/** Empty when the bytes are no JSON. */
	readonly payload: Record<string, unknown>;
	readonly bytes: Buffer;
}

/** MQTT.js as a client that nobody here wrote: what it hears is what the wire says. */
export class MqttJsClient {
	readonly client: MqttClient;
	readonly heard: Heard[] = [];
	closed = false;
	#waiting: (() => void)[] = [];

	private constructor(client: MqttClient) {
		this.client = client;
		client.on("message", (topic, payload) => {
			this.heard.push({ topic, payload: parse(payload), bytes: payload });
			this.#wake();
		});
		client.on("close", () => {
			this.closed = true;
			this.#wake();
		});
		client.on("error", () => undefined);
	}

	/** @throws when the broker does not let the client in */
	static async connect(
		emulator: Emulator,
		thing = "alpha",
		clientId = thing,
		options: IClientOptions & SecureContextOptions = {},
	): Promise<MqttJsClient> {
		const { host, port } = emulator.addresses.mqtt;
		const client = mqtt.connect({
			host,
			port,
			protocol: "mqtts",
			clientId,
			...pemOf(emulator, thing),
			reconnectPeriod: 0,
			...options,
		});
		const connected = new MqttJsClient(client);
		await new Promise<void>((resolve, reject) => {
			client.once("connect", () => resolve());
			client.once("error", reject);
			client.once("close", () => reject(new Error("closed")));
		});
		// Without it a small packet waits 40 ms for the acknowledgement of the one before.
		(client.stream as TLSSocket).setNoDelay(true);
		return connected;
	}

	publish(topic: string, payload: unknown, qos: 0 | 1 | 2 = 1, retain = false): void {
		const bytes = typeof payload === "string" || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload);
		this.client.publish(topic, bytes, { qos, retain }, () => undefined);
	}

	/** Publishes a request and waits for its answer, without having subscribed to anything. */
	async ask(topic: string, payload: unknown): Promise<Heard> {
		const from = this.heard.length;
		this.publish(topic, payload);
		return await this.next(from);
	}

	/** Publishes a request that is answered by any number of messages. @returns those that came before another's answer */
	async collect(topic: string, payload: unknown, thing = "alpha"): Promise<Heard[]> {
		const from = this.heard.length;
		this.publish(topic, payload);
		const end = `$aws/things/${thing}/jobs/get`;
		this.publish(end, {});
		for (let n = from; ; n += 1) {
			if ((await this.next(n)).topic === `${end}/accepted`) return this.heard.slice(from, n);
		}
	}

	/** The n-th message heard, once it is there. */
	async next(n = this.heard.length): Promise<Heard> {
		while (this.heard.length <= n) {
			if (this.closed) throw new Error("the connection was closed");
			await this.#change();
		}
		return this.heard[n] as Heard;
	}

	async untilClosed(): Promise<void> {
		while (!this.closed) await this.#change();
	}

	async end(): Promise<void> {
		await this.client.endAsync(true);
	}

	#change(): Promise<void> {
		return new Promise((resolve) => this.#waiting.push(resolve));
	}

	#wake(): void {
		const waiting = this.#waiting;
		this.#waiting = [];
		for (const wake of waiting) wake();
	}
}

function parse(bytes: Buffer): Record<string, unknown> {
	try {
		return JSON.parse(bytes.toString());
	} catch {
		return {};
	}
}
