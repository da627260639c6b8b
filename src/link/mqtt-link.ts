import Timer from "timer";
import type { JobsRequest, Link, LinkHost } from "../agent/link.js";
import { Backoff } from "../base/backoff.js";
import { LogLevel } from "../base/log.js";
import { later } from "../base/timer.js";
import { BACKOFF_BASE_MS, BACKOFF_CAP_MS, DEFAULT_MESSAGE_BYTES, DEFAULT_START_JITTER_MS } from "./defaults.js";
import {
	type ControlMessage,
	type MqttClient,
	type MqttClientOptions,
	Packet,
	type Provider,
	type ReadableOptions,
	type ResolverClass,
	type SocketClass,
} from "./ecma419.js";
import { type ConnectionOwner, guardedResolver, guardedSocket } from "./guards.js";
import type { JoinNetwork } from "./join.js";
import { MqttReader } from "./mqtt-reader.js";
import { MqttWriter } from "./mqtt-writer.js";

/** The network classes of the platform and their options, in ECMA-419's form. */
export interface Network {
	readonly mqtt: Provider<new (options: MqttClientOptions) => MqttClient>;
	readonly dns: Provider<ResolverClass>;
	/** `secure` holds the certificates: see `src/storage/credentials.ts`. */
	readonly tls: Provider<SocketClass>;
	readonly tcp: Provider<SocketClass>;
}

export interface MqttLinkOptions {
	/** The endpoint that `aws iot describe-endpoint --endpoint-type iot:Data-ATS` names. */
	readonly host: string;
	/** 8883, or 443 with the ALPN name in `network.tls`. */
	readonly port: number;
	readonly network: Network;
	/** For a device that has to join its network itself: Wi-Fi. */
	readonly join?: JoinNetwork | undefined;
	/** The largest message that is accepted, in bytes; a job whose document makes it larger is REJECTED. Default 4,096. */
	readonly messageBytes?: number | undefined;
	/** The first connection after the start waits a random time up to this. Default 5,000 ms. */
	readonly startJitterMs?: number | undefined;
	/**
	 * Subscribes to the answers as well: for a broker that, other than AWS's, delivers to subscribers alone (`iot-jobs emulate
	 * --broker`). Default false.
	 */
	readonly subscribeAnswers?: boolean | undefined;
	/** 30,000..1,200,000 ms, AWS's bounds. Default 60,000. */
	readonly keepAliveMs?: number | undefined;
	/** It is the client id as well. */
	readonly thingName: string;
}

const DEFAULT_KEEP_ALIVE_MS = 60_000;
/** From the start of a connection to SUBACK. The client's own limit, 30 s, covers only the socket. */
const CONNECT_MS = 45_000;
/** Nothing in this many keep-alives, when a PINGRESP should come with each, means that nobody is there. */
const SILENT_KEEP_ALIVES = 2;

/**
 * Keeps one MQTT connection: clean session, one SUBSCRIBE, and a new connection with back-off when it is lost. All
 * that the platform calls ends here: nothing is thrown out of any callback.
 */
export class MqttLink implements Link, ConnectionOwner {
	readonly notifies = true;
	readonly messageBytes: number;
	connection = 0;
	readonly #host: LinkHost;
	readonly #options: MqttLinkOptions;
	readonly #assembler: MqttReader;
	readonly #backoff = new Backoff(BACKOFF_BASE_MS, BACKOFF_CAP_MS);
	#TCP: SocketClass | undefined;
	#Resolver: ResolverClass | undefined;
	#client: MqttClient | undefined;
	#outgoing: MqttWriter | undefined;
	/** Waits to connect, or watches that a connection comes about. */
	#timer: Timer | undefined;
	/** Something came since the watch looked last. */
	#heard = false;
	#online = false;
	/** How far the connection came: the broker's refusals have no words of their own. */
	#phase: "" | " before CONNACK" | " before SUBACK" = "";
	#closed = false;

	constructor(host: LinkHost, options: MqttLinkOptions) {
		this.#host = host;
		this.#options = options;
		this.messageBytes = options.messageBytes ?? DEFAULT_MESSAGE_BYTES;
		this.#assembler = new MqttReader(this.messageBytes, host);
	}

	start(): void {
		const { startJitterMs = DEFAULT_START_JITTER_MS, join } = this.#options;
		const connect = () => this.#connectIn(Math.floor(Math.random() * (startJitterMs + 1)));
		if (join === undefined) connect();
		else join(connect);
	}

	send({ topic, payload }: JobsRequest): boolean {
		return this.publish(topic, new Uint8Array(ArrayBuffer.fromString(payload)));
	}

	publish(topic: string, payload: Uint8Array): boolean {
		return this.#outgoing?.publish(topic, payload) ?? false;
	}

	alive(): void {
		this.#backoff.reset();
	}

	/** The connection stays: the service tells of new executions. */
	idle(): void {}

	reconnect(reason: string): void {
		if (this.#closed) return;
		this.#host.log(`connection given up: ${reason}${this.#phase}`, LogLevel.error);
		this.#abandon();
		const delay = this.#backoff.next();
		this.#host.log(`connecting again in ${delay} ms`);
		this.#connectIn(delay);
	}

	close(): void {
		this.#closed = true;
		this.#goodbye();
		this.#abandon();
	}

	#connectIn(milliseconds: number): void {
		this.#setTimer(() => this.#connect(), milliseconds);
	}

	#connect(): void {
		const { network, host, port, thingName, keepAliveMs = DEFAULT_KEEP_ALIVE_MS } = this.#options;
		this.#host.log(`connecting to ${host}:${port}`);
		this.#setTimer(() => this.reconnect("it did not come about in time"), CONNECT_MS);
		this.#assembler.reset();
		this.#phase = " before CONNACK";
		this.#TCP ??= guardedSocket(network.tcp.io, this);
		this.#Resolver ??= guardedResolver(network.dns.io, this);
		this.connection += 1;
		const { connection } = this;
		// The callbacks of a client that was given up must not touch its successor.
		const mine = (callback: () => void) => {
			if (connection === this.connection) this.#enter(callback);
		};
		try {
			this.#client = new network.mqtt.io({
				...network.mqtt,
				host,
				port,
				id: thingName,
				clean: true,
				keepAlive: keepAliveMs,
				dns: { ...network.dns, io: this.#Resolver },
				socket: { ...network.tls, TCP: { ...network.tcp, io: this.#TCP } },
				onControl: (message) => mine(() => this.#controlled(message)),
				onReadable: (count, options) => mine(() => this.#readable(count, options)),
				onWritable: (count) => mine(() => this.#outgoing?.writable(count)),
				onError: (error) => mine(() => this.#failLater(error === undefined ? "the socket failed" : String(error))),
				onClose: () => mine(() => this.#failLater("closed by the other side")),
			});
			this.#outgoing = new MqttWriter(this.#client);
		} catch (error) {
			this.reconnect(String(error));
		}
	}

	failed(error: unknown, connection: number): void {
		if (connection === this.connection) this.#failLater(String(error));
		else this.#host.log(`a connection that was given up threw ${String(error)}`);
	}

	/**
	 * The client pings and does not mind whether an answer comes: a half-open connection, or its parser wedged by an empty
	 * payload, would last for ever.
	 */
	#watch(): void {
		this.#heard = false;
		const look = () => (this.#heard ? this.#watch() : this.reconnect("nothing is heard any more"));
		this.#setTimer(look, (this.#options.keepAliveMs ?? DEFAULT_KEEP_ALIVE_MS) * SILENT_KEEP_ALIVES);
	}

	#controlled({ operation, payload }: ControlMessage): void {
		this.#heard = true;
		if (operation === Packet.ConnAck) {
			this.#phase = " before SUBACK";
			this.#outgoing?.subscribe(this.#topics);
		} else if (operation === Packet.SubAck) {
			if (refused(payload)) return this.#failLater(`the subscription to ${this.#topics.join(", ")} was refused`);
			this.#watch();
			this.#phase = "";
			this.#online = true;
			this.#host.log("connected");
			this.#host.online(this);
		}
	}

	get #topics(): readonly string[] {
		const { subscription, answerTopics } = this.#host;
		return this.#options.subscribeAnswers ? [subscription, ...answerTopics] : [subscription];
	}

	#readable(count: number, options: ReadableOptions): void {
		this.#heard = true;
		const piece = this.#client?.read(count);
		if (piece !== undefined) this.#assembler.add(piece, options);
	}

	/** Not at once: the client's own code is still running below, and must not find itself closed. */
	#failLater(reason: string): void {
		const { connection } = this;
		this.#setTimer(() => {
			if (connection === this.connection) this.reconnect(reason);
		}, 0);
	}

	#enter(callback: () => void): void {
		try {
			callback();
		} catch (error) {
			this.#failLater(String(error));
		}
	}

	/** The SDK's client sends no DISCONNECT when it is closed. */
	#goodbye(): void {
		if (!this.#online) return;
		try {
			this.#client?.write(null, { operation: Packet.Disconnect });
		} catch {
			// No space, or no socket: the broker will notice by itself.
		}
	}

	#abandon(): void {
		this.#setTimer(undefined, 0);
		const client = this.#client;
		this.#client = this.#outgoing = undefined;
		this.connection += 1; // whatever the client still says is not heard
		try {
			client?.close();
		} catch (error) {
			this.#host.log(`closing threw ${String(error)}`);
		}
		if (!this.#online) return;
		this.#online = false;
		this.#host.offline();
	}

	#setTimer(callback: (() => void) | undefined, milliseconds: number): void {
		Timer.clear(this.#timer);
		this.#timer = callback && later(callback, milliseconds, this.#host);
	}
}

/** MQTT 3.1.1, clause 3.9.3: 0x80 means failure. */
function refused(payload: ControlMessage["payload"]): boolean {
	if (payload === undefined) return false;
	const codes = payload instanceof Uint8Array ? payload : new Uint8Array(payload);
	return codes.some((code) => (code & 0x80) !== 0);
}
