import { EventEmitter } from "node:events";
import type { TLSSocket } from "node:tls";
import { connect, type IClientOptions, type IPublishPacket, type MqttClient } from "mqtt";
import type { Clock } from "../../clock.js";
import type { Direction, Faults } from "../faults/faults.js";
import { FaultyPath, type Late } from "../faults/faulty-path.js";
import type { Pair } from "../identity/pki.js";
import { type BrokerEvents, readServiceTopic, type ServiceBroker, type WireMessage } from "./service-broker.js";

export interface RemoteBrokerOptions {
	/** `mqtts://HOST:PORT`, or `mqtt://` where nobody listens in; with a user and a password, if it asks for them. */
	readonly url: URL;
	/** PEM: the CA of the broker. */
	readonly ca: string;
	/** What the service shows the broker. */
	readonly pair: Pair;
	readonly faults: Faults;
	readonly clock: Clock;
	/** What is to be seen before the broker was reached: it is tried again and again. */
	readonly log: (line: string) => void;
}

/** The service's client id, and the name in the certificate that the emulator makes for it. No thing has it: it has dots. */
export const SERVICE_NAME = "iot.jobs.service";
/** What clients ask, and none of what they are answered. */
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
 * A broker, or a cluster of them, that runs elsewhere: the service is one of its clients. It cannot speak to the client that asked
 * and to nobody else, so answers reach who subscribed to them; and whose request it is, and who may make it, the broker knows
 * alone.
 */
export class RemoteBroker extends EventEmitter<BrokerEvents> implements ServiceBroker {
	readonly host: string;
	readonly port: number;
	readonly #client: MqttClient;
	readonly #path: FaultyPath;
	#connected = true;
	/** By the thing's name: connections are not seen from here. */
	readonly #late = new Map<string, Late>();

	private constructor({ url, faults, clock }: RemoteBrokerOptions, client: MqttClient) {
		super();
		this.host = hostOf(url);
		this.port = portOf(url);
		this.#client = client;
		this.#path = new FaultyPath(faults, clock, (what) => this.emit("restart", what));
		client.on("message", (topic, payload, packet) => this.#received(topic, payload, packet));
		client.on("error", (error) => this.emit("log", `the broker: ${wordsOf(error)}`));
		client.on("close", () => {
			if (this.#connected) this.emit("log", "the connection to the broker is lost; trying again");
			this.#connected = false;
		});
		client.on("connect", () => {
			this.#connected = true;
			this.emit("log", "connected to the broker again");
			subscribe(client).catch((error: Error) => this.emit("log", error.message));
		});
	}

	/** @returns once the broker was reached, and has taken the subscriptions @throws when it refuses them */
	static async connect(options: RemoteBrokerOptions): Promise<RemoteBroker> {
		const client = connect(clientOptions(options));
		let before = "";
		const failed = (error: Error) => {
			const line = `the broker at ${options.url.host} cannot be used yet, and is tried again: ${wordsOf(error)}`;
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
		this.emit("log", `refused: MQTT is spoken at ${this.host}:${this.port}, and not on the HTTPS port`);
		socket.destroy();
	}

	disconnect(thingName: string): void {
		this.emit(
			"log",
			`the connection of ${thingName} belongs to the broker at ${this.host}: it cannot be cut from here`,
		);
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
		// AWS takes no retained message there, and this one would be carried out again at each connection.
		if (retain) return void this.emit("log", `ignored: a retained message on ${topic}`);
		const { thingName, service } = about;
		this.#message("device", thingName, topic, payload);
		const answerQos = service === "jobs" && qos > 0 ? 1 : 0;
		const send = (to: string, body: Buffer) =>
			this.#pass(thingName, "device", to, () => this.#send(to, body, answerQos, thingName));
		this.#pass(thingName, "service", topic, (fault) => this.emit("request", { ...about, topic, payload, fault, send }));
	}

	#pass(thingName: string, to: Direction, topic: string, deliver: Parameters<FaultyPath["pass"]>[0]["deliver"]): void {
		const late = this.#late.get(thingName) ?? {};
		const cut = () => this.disconnect(thingName);
		this.#path.pass({ thingName, to, topic, late, deliver, cut });
		// Whoever may publish may name any thing: only what waits is remembered.
		if (Object.keys(late).length > 0) this.#late.set(thingName, late);
		else this.#late.delete(thingName);
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
		resubscribe: false, // it is done here, where a refusal is seen
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
			const why = wordsOf(error as Error);
			throw new Error(`the service has no subscription to ${topic}: ${why}; is ${SERVICE_NAME} allowed $aws/# there?`);
		}
	}
}

/** Connecting to a name with several addresses fails with several errors, and an empty message. */
function wordsOf(error: Error): string {
	const { message, code = "" } = error as NodeJS.ErrnoException;
	return message === "" ? code : message;
}
