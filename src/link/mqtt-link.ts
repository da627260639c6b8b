import type { JobsRequest, Link, LinkHost } from "../agent/link.js";
import { Dialer } from "./dialer.js";
import { guardedSockets } from "./guards.js";
import { DEFAULT_KEEP_ALIVE_MS, DEFAULT_MESSAGE_BYTES, type MqttLinkOptions } from "./link-options.js";
import { type ControlMessage, type MqttClient, Packet, type ReadableOptions } from "./mqtt.js";
import { MqttReader } from "./mqtt-reader.js";
import { MqttWriter } from "./mqtt-writer.js";

/**
 * From the start of a connection to SUBACK. The SDK's client has a limit of its own, 30 s, but only for the socket: neither
 * for the name's resolution nor for the broker's answers (`mqttclient.js`).
 */
const CONNECT_MS = 45_000;
/** A PINGRESP should come with each keep-alive: nothing in this many of them means that nobody is there. */
const SILENT_KEEP_ALIVES = 2;

/**
 * The Jobs service over MQTT: one connection with a clean session and one SUBSCRIBE. It stays, because the service tells of
 * new executions over it.
 */
export class MqttLink extends Dialer<MqttLinkOptions> implements Link {
	readonly notifies = true;
	readonly messageBytes: number;
	private readonly reader: MqttReader;
	private client: MqttClient | undefined;
	private writer: MqttWriter | undefined;
	/** Something came since the watch looked last. */
	private heard = false;

	constructor(host: LinkHost, options: MqttLinkOptions) {
		super(host, options);
		this.messageBytes = options.messageBytes ?? DEFAULT_MESSAGE_BYTES;
		this.reader = new MqttReader(this.messageBytes, host);
	}

	send({ topic, payload }: JobsRequest): boolean {
		return this.publish(topic, new Uint8Array(ArrayBuffer.fromString(payload)));
	}

	publish(topic: string, payload: Uint8Array): boolean {
		return this.writer?.publish(topic, payload) ?? false;
	}

	/** The connection stays. */
	idle(): void {}

	/** The broker refuses without a word: how far the connection came is all that can be told. */
	override reconnect(reason: string): void {
		const { state } = this;
		const phase = state === "connecting" ? " before CONNACK" : state === "subscribing" ? " before SUBACK" : "";
		super.reconnect(reason + phase);
	}

	override close(): void {
		if (this.isOnline) this.goodbye();
		super.close();
	}

	protected connect(): void {
		const { host, port, thingName, keepAliveMs = DEFAULT_KEEP_ALIVE_MS } = this.options;
		const { connection } = this;
		this.state = "connecting";
		this.host.log(`connecting to ${host}:${port}`);
		this.after(CONNECT_MS, this.tooLate);
		this.reader.reset();
		try {
			const network = this.options.network();
			this.client = new network.mqtt.io({
				...network.mqtt,
				...guardedSockets(network, this),
				host,
				port,
				id: thingName,
				clean: true,
				keepAlive: keepAliveMs,
				target: { link: this, connection },
				onControl,
				onReadable,
				onWritable,
				onError,
			});
			this.writer = new MqttWriter(this.client);
		} catch (error) {
			this.reconnect(String(error));
		}
	}

	private tooLate(): void {
		this.reconnect("it takes too long");
	}

	/** The client's code runs below: it is closed from a timer. */
	protected fail(reason: string): void {
		this.after(0, () => this.reconnect(reason));
	}

	protected closeClient(): void {
		const { client } = this;
		this.client = this.writer = undefined;
		try {
			client?.close();
		} catch (error) {
			this.host.log(`closing threw ${String(error)}`);
		}
	}

	controlled({ operation, payload }: ControlMessage): void {
		this.heard = true;
		if (operation === Packet.ConnAck) {
			this.state = "subscribing";
			this.writer?.subscribe(this.topics);
		} else if (operation === Packet.SubAck) {
			if (refused(payload)) return this.fail(`the subscription to ${this.topics.join(", ")} was refused`);
			this.watch();
			this.state = "online";
			this.host.log("connected");
			this.host.online(this);
		}
	}

	private get topics(): readonly string[] {
		const { subscription, answerTopics } = this.host;
		return this.options.subscribeAnswers ? [subscription, ...answerTopics] : [subscription];
	}

	writable(count: number): void {
		this.writer?.writable(count);
	}

	errored(error: unknown): void {
		this.fail(String(error ?? "the socket failed"));
	}

	readable(count: number, options: ReadableOptions): void {
		this.heard = true;
		if (this.client !== undefined) this.reader.read(this.client, count, options);
	}

	/**
	 * A second line behind the client's own limit, 1.5 keep-alives after the last PINGRESP (`mqttclient.js`, `#keepalive`): a
	 * half-open connection, or a parser that an empty payload has wedged, must not last for ever.
	 */
	private watch(): void {
		const { keepAliveMs = DEFAULT_KEEP_ALIVE_MS } = this.options;
		this.heard = false;
		this.after(keepAliveMs * SILENT_KEEP_ALIVES, this.look);
	}

	private look(): void {
		if (this.heard) this.watch();
		else this.reconnect("nothing is heard any more");
	}

	/** The SDK's client sends no DISCONNECT when it is closed. */
	private goodbye(): void {
		try {
			this.client?.write(null, { operation: Packet.Disconnect });
		} catch {
			// No space, or no socket: the broker will notice by itself.
		}
	}
}

/** What a client calls. It is the client's `target` that says for whom: no closure lasts as long as the connection. */
interface Target {
	readonly link: MqttLink;
	/** The one for which the client was made. */
	readonly connection: number;
}

function onControl(this: MqttClient, message: ControlMessage): void {
	const { link, connection } = this.target as Target;
	link.enter(connection, link.controlled, message);
}

function onReadable(this: MqttClient, count: number, options: ReadableOptions): void {
	const { link, connection } = this.target as Target;
	link.enter(connection, link.readable, count, options);
}

function onWritable(this: MqttClient, count: number): void {
	const { link, connection } = this.target as Target;
	link.enter(connection, link.writable, count);
}

function onError(this: MqttClient, error?: unknown): void {
	const { link, connection } = this.target as Target;
	link.enter(connection, link.errored, error);
}

/** MQTT 3.1.1, clause 3.9.3: 0x80 means failure. */
function refused(payload: ControlMessage["payload"]): boolean {
	if (payload === undefined) return false;
	const codes = payload instanceof Uint8Array ? payload : new Uint8Array(payload);
	return codes.some((code) => (code & 0x80) !== 0);
}
