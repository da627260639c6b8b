import { Machine } from "../machine/machine.js";
import { encodeRemainingLength, type Incoming, PacketReader } from "./mqtt-reader.js";
import { readInto } from "./receive-buffer.js";
import Timer from "./timer.js";

interface Socket {
	read(count?: number): ArrayBuffer | undefined;
	write(data: Uint8Array): number;
	close(): void;
}

interface Options {
	host: string;
	port?: number;
	id?: string;
	clean?: boolean;
	keepAlive?: number;
	user?: string;
	password?: string | ArrayBuffer;
	will?: { topic: string; message: string; QoS?: number; retain?: boolean };
	dns: { io: new (options: object) => { resolve(options: object): void } };
	socket: { io: new (options: object) => Socket };
	target?: unknown;
	onReadable?: (count: number, options: object) => void;
	onWritable?: (count: number) => void;
	onControl?: (message: { operation: number; id?: number; payload?: Uint8Array }) => void;
	onClose?: () => void;
	onError?: () => void;
}

interface WriteOptions {
	operation?: number;
	id?: number;
	topic?: string;
	QoS?: number;
	retain?: boolean;
	duplicate?: boolean;
	byteLength?: number;
	items?: readonly { topic: string; QoS?: number }[];
}

const CONNECT_TIMEOUT_MS = 30_000;

/**
 * `embedded:network/mqtt/client`: MQTT 3.1.1, as the SDK 8.2.3 has it in examples/io/tcp/mqttclient/mqttclient.js, defects
 * included:
 *
 * - after a PUBLISH with an empty payload the parser waits for ever: neither its `onReadable` comes, nor anything later;
 * - packet ids are not wrapped: the 65,535th packet has id 0;
 * - `close()` while the host name is being resolved makes the resolver's callback throw;
 * - a second socket error makes the socket's callback throw;
 * - PUBACK is sent from a timer, be it that the application has not read the last piece: what TCP throws there, nothing catches;
 * - `close()` sends no DISCONNECT, and nothing reconnects.
 */
export default class MQTTClient {
	static readonly CONNECT = 1;
	static readonly CONNACK = 2;
	static readonly PUBLISH = 3;
	static readonly PUBACK = 4;
	static readonly SUBSCRIBE = 8;
	static readonly SUBACK = 9;
	static readonly UNSUBSCRIBE = 10;
	static readonly UNSUBACK = 11;
	static readonly PINGREQ = 12;
	static readonly PINGRESP = 13;
	static readonly DISCONNECT = 14;

	readonly target: unknown;
	#options: Options | undefined;
	#socket: Socket | undefined;
	#space = 0;
	#loggedIn = false;
	#packetId = 1;
	/** Bytes of a PUBLISH that are still to come from write(). */
	#unwritten = 0;
	readonly #controls: Uint8Array[] = [];
	readonly #reader = new PacketReader();
	#connectTimer: Timer | undefined;
	#pingTimer: Timer | undefined;
	#controlTimer: Timer | undefined;

	constructor(options: Options) {
		Machine.current.alive();
		this.#options = options;
		this.target = options.target;
		this.#connectTimer = Timer.set(() => this.#failed(), CONNECT_TIMEOUT_MS);
		const resolver = new options.dns.io(options.dns);
		resolver.resolve({
			host: options.host,
			onResolved: (host: string, address: string) => {
				// After close() there are no options: `#open` throws, and so does the catch.
				try {
					this.#open(host, address);
				} catch {
					(this.#options as Options).onError?.call(this);
				}
			},
			onError: () => this.#failed(),
		});
	}

	read(count: number): ArrayBuffer | undefined;
	read(into: Uint8Array): number | undefined;
	read(count: number | Uint8Array): ArrayBuffer | number | undefined {
		return readInto(count, (byteLength = 0) => this.#reader.read(byteLength));
	}

	write(data: ArrayBuffer | Uint8Array | null, options: WriteOptions = {}): number {
		const payload = data === null ? new Uint8Array(0) : new Uint8Array(data);
		if (this.#socket === undefined) throw new Error("not connected");
		if (this.#unwritten > 0) return this.#continue(payload);
		const operation = options.operation ?? MQTTClient.PUBLISH;
		if (operation === MQTTClient.PUBLISH) return this.#publish(payload, options);
		if (operation === MQTTClient.DISCONNECT) return this.#send(Uint8Array.of(0xe0, 0));
		if (operation === MQTTClient.SUBSCRIBE || operation === MQTTClient.UNSUBSCRIBE) {
			return this.#send(subscription(operation, options.id ?? this.#nextId(), options.items ?? []));
		}
		throw new Error("invalid operation");
	}

	close(): void {
		this.#stop();
		this.#options = undefined;
	}

	#open(host: string, address: string): void {
		const options = this.#options as Options;
		const io = options.socket.io;
		this.#socket = new io({
			...options.socket,
			host,
			address,
			port: options.port ?? 1883,
			onReadable: () => this.#readable(),
			onWritable: (count: number) => this.#writable(count),
			onError: () => this.#failed(),
		});
	}

	#writable(count: number): void {
		const first = this.#space === 0 && !this.#loggedIn;
		this.#space = count;
		if (first) this.#send(connect(this.#options as Options));
		this.#sendControls();
		if (this.#loggedIn) this.#options?.onWritable?.call(this, this.#space);
	}

	#readable(): void {
		while (this.#socket !== undefined) {
			const bytes = this.#socket.read();
			if (bytes === undefined) return;
			for (const incoming of this.#reader.feed(Buffer.from(bytes))) this.#received(incoming);
		}
	}

	#received(incoming: Incoming): void {
		if (incoming.kind === "packet") this.#packet(incoming.type, incoming.body);
		else if (incoming.kind === "piece") this.#options?.onReadable?.call(this, incoming.count, incoming.options);
		else this.#control(Uint8Array.of(0x40, 2, incoming.id >> 8, incoming.id & 0xff));
	}

	#packet(type: number, body: Buffer): void {
		if (type === MQTTClient.CONNACK) {
			if (body[1] !== 0) return this.#failed();
			this.#loggedIn = true;
			Timer.clear(this.#connectTimer);
			const { keepAlive = 0 } = this.#options as Options;
			if (keepAlive > 0) this.#pingTimer = Timer.repeat(() => this.#control(Uint8Array.of(0xc0, 0)), keepAlive);
			this.#options?.onControl?.call(this, { operation: type });
			this.#options?.onWritable?.call(this, this.#space);
			return;
		}
		const id = body.byteLength >= 2 ? body.readUInt16BE(0) : undefined;
		this.#options?.onControl?.call(this, {
			operation: type,
			...(id !== undefined && { id }),
			...(type === MQTTClient.SUBACK && { payload: Uint8Array.from(body.subarray(2)) }),
		});
	}

	#publish(payload: Uint8Array, options: WriteOptions): number {
		const topic = Buffer.from(options.topic ?? "");
		const qos = options.QoS ?? 0;
		const byteLength = options.byteLength ?? payload.byteLength;
		const head = Buffer.concat([
			Buffer.of(topic.byteLength >> 8, topic.byteLength & 0xff),
			topic,
			qos > 0 ? uint16(options.id ?? this.#nextId()) : Buffer.alloc(0),
		]);
		const flags = (options.duplicate ? 8 : 0) | (qos << 1) | (options.retain ? 1 : 0);
		const fixed = Buffer.of(0x30 | flags, ...encodeRemainingLength(head.byteLength + byteLength));
		const packet = Buffer.concat([fixed, head, payload]);
		if (packet.byteLength > this.#space) throw new Error("overflow");
		this.#unwritten = byteLength - payload.byteLength;
		return this.#send(packet);
	}

	#continue(piece: Uint8Array): number {
		if (piece.byteLength > this.#unwritten || piece.byteLength > this.#space) throw new Error("overflow");
		this.#unwritten -= piece.byteLength;
		return this.#send(piece);
	}

	/** Sends a packet of the client's own, from a timer. */
	#control(packet: Uint8Array): void {
		this.#controls.push(packet);
		this.#controlTimer ??= Timer.set(() => {
			this.#controlTimer = undefined;
			this.#sendControls();
		}, 0);
	}

	/** But not inside a PUBLISH that is written in pieces. */
	#sendControls(): void {
		while (this.#unwritten === 0 && this.#controls.length > 0) {
			const [packet] = this.#controls as [Uint8Array];
			if (packet.byteLength > this.#space) return;
			this.#controls.shift();
			this.#send(packet);
		}
	}

	#send(bytes: Uint8Array): number {
		if (bytes.byteLength > this.#space) throw new Error("overflow");
		const left = (this.#socket as Socket).write(bytes);
		this.#space = left;
		return left;
	}

	#nextId(): number {
		this.#packetId += 1;
		return this.#packetId;
	}

	#failed(): void {
		this.#stop();
		const options = this.#options as Options;
		this.#options = undefined;
		options.onError?.call(this); // throws on the second error
	}

	#stop(): void {
		Timer.clear(this.#connectTimer);
		Timer.clear(this.#pingTimer);
		Timer.clear(this.#controlTimer);
		const socket = this.#socket;
		this.#socket = undefined;
		socket?.close();
	}
}

function uint16(value: number): Buffer {
	return Buffer.of((value >> 8) & 0xff, value & 0xff);
}

function text(value: string | ArrayBuffer): Buffer {
	const bytes = typeof value === "string" ? Buffer.from(value) : Buffer.from(value);
	return Buffer.concat([uint16(bytes.byteLength), bytes]);
}

/** MQTT 3.1.1, clause 3.1. */
function connect(options: Options): Buffer {
	const { will, user, password } = options;
	let flags = options.clean === false ? 0 : 2;
	if (will) flags |= 4 | ((will.QoS ?? 0) << 3) | (will.retain ? 0x20 : 0);
	if (user !== undefined) flags |= 0x80;
	if (password !== undefined) flags |= 0x40;
	const body = Buffer.concat([
		text("MQTT"),
		Buffer.of(4, flags),
		uint16(Math.round((options.keepAlive ?? 0) / 1_000)),
		text(options.id ?? ""),
		...(will ? [text(will.topic), text(will.message)] : []),
		...(user === undefined ? [] : [text(user)]),
		...(password === undefined ? [] : [text(password)]),
	]);
	return Buffer.concat([Buffer.of(0x10, ...encodeRemainingLength(body.byteLength)), body]);
}

/** MQTT 3.1.1, clauses 3.8 and 3.10. */
function subscription(operation: number, id: number, items: readonly { topic: string; QoS?: number }[]): Buffer {
	const subscribe = operation === MQTTClient.SUBSCRIBE;
	const body = Buffer.concat([
		uint16(id),
		...items.flatMap(({ topic, QoS = 0 }) => [text(topic), ...(subscribe ? [Buffer.of(QoS)] : [])]),
	]);
	return Buffer.concat([Buffer.of((operation << 4) | 2, ...encodeRemainingLength(body.byteLength)), body]);
}
