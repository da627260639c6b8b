import { Machine } from "../machine/machine.js";
import type { ClientNetwork, ClientSocket } from "./client-network.js";
import {
	type ConnectOptions,
	connectPacket,
	controlPacket,
	keepAliveSeconds,
	type Pending,
	publishPacket,
	type WriteOptions,
} from "./mqtt-packets.js";
import { type ControlMessage, type Incoming, PacketReader } from "./mqtt-reader.js";
import { byteView } from "./receive-buffer.js";
import Timer from "./timer.js";

interface Options extends ConnectOptions, ClientNetwork {
	/** The application's, for its callbacks. */
	target?: unknown;
	onReadable?: (this: MQTTClient, count: number, options: object) => void;
	onWritable?: (this: MQTTClient, count: number) => void;
	onControl?: (this: MQTTClient, message: ControlMessage) => void;
	onClose?: () => void;
	onError?: (this: MQTTClient) => void;
}

type State = "resolving" | "connecting" | "login" | "connected" | "publishing" | "closed";

/** From the name's resolution to the socket's first onWritable. */
const CONNECT_TIMEOUT_MS = 30_000;
/** The client keeps so much of the socket's room for itself. */
const OVERHEAD_BYTES = 8;

/**
 * `embedded:network/mqtt/client`: MQTT 3.1.1, as the SDK 8.2.3 has it in examples/io/tcp/mqttclient/mqttclient.js, defects
 * included (host-test/specs/kit/contract/mqtt.ts holds both to the same):
 *
 * - after a PUBLISH with an empty payload the parser waits for ever: neither its `onReadable` comes, nor anything later;
 * - packet ids are not wrapped: the 65,535th packet has id 0;
 * - `close()` while the host name is being resolved makes the resolver's callback throw;
 * - a second socket error makes the socket's callback throw;
 * - PUBACK is sent from a timer, be it that the application has not read the last piece: what TCP throws there, nothing catches;
 * - `close()` sends no DISCONNECT, `onClose` is never called, and nothing reconnects.
 */
export default class MQTTClient {
	static readonly CONNECT = 1;
	static readonly CONNACK = 2;
	static readonly PUBLISH = 3;
	static readonly PUBACK = 4;
	static readonly PUBREC = 5;
	static readonly PUBREL = 6;
	static readonly PUBCOMP = 7;
	static readonly SUBSCRIBE = 8;
	static readonly SUBACK = 9;
	static readonly UNSUBSCRIBE = 10;
	static readonly UNSUBACK = 11;
	static readonly PINGREQ = 12;
	static readonly PINGRESP = 13;
	static readonly DISCONNECT = 14;

	readonly target: unknown;
	readonly #machine = Machine.current;
	#options: Options | undefined;
	#state: State = "resolving";
	#socket: ClientSocket | undefined;
	#space = 0;
	#packetId = 1;
	/** Bytes of a PUBLISH that are still to come from write(). */
	#unwritten = 0;
	readonly #pending: Pending[] = [];
	readonly #reader = new PacketReader();
	#isParsing = false;
	#pingedAt = 0;
	#answeredAt = 0;
	#connectTimer: Timer | undefined;
	#keepAliveTimer: Timer | undefined;
	#pendingTimer: Timer | undefined;
	#readTimer: Timer | undefined;

	constructor(options: Options) {
		this.#machine.alive();
		if (!options.host) throw new Error("host required");
		this.target = options.target;
		this.#options = options;
		const resolver = new options.dns.io(options.dns);
		resolver.resolve({
			host: options.host,
			onResolved: (host: string, address: string) => {
				// After close() there are no options: `#open` throws, and so does the catch.
				try {
					this.#open(host, address);
				} catch {
					this.#failed();
				}
			},
			onError: () => this.#failed(),
		});
	}

	/** @returns a buffer, or how many bytes have been put into the view */
	read(wanted: number | ArrayBuffer | ArrayBufferView = this.#reader.unread): ArrayBuffer | number | undefined {
		const view = typeof wanted === "number" ? undefined : byteView(wanted);
		const asked = typeof wanted === "number" ? wanted : wanted.byteLength;
		if (asked > 0 && this.#reader.unread === 0) return undefined;
		const bytes = this.#reader.read(asked);
		if (this.#reader.unread === 0 && !this.#isParsing) {
			this.#readTimer ??= Timer.set(() => {
				this.#readTimer = undefined;
				this.#parse();
			});
		}
		if (view === undefined) return Uint8Array.from(bytes).buffer;
		view.set(bytes);
		return bytes.byteLength;
	}

	write(data: ArrayBuffer | ArrayBufferView | null, options?: WriteOptions): number {
		if (this.#socket === undefined) throw new TypeError("no socket");
		if (this.#state !== "connected") return this.#continue(data, options);
		if (options === undefined) throw new TypeError("no options");
		this.#send(this.#packetOf(data, options));
		return this.#room;
	}

	close(): void {
		this.#options = undefined;
		this.#state = "closed";
		for (const timer of [this.#connectTimer, this.#keepAliveTimer, this.#pendingTimer, this.#readTimer])
			Timer.clear(timer);
		this.#socket?.close();
		this.#socket = undefined;
		this.#space = 0;
	}

	get #room(): number {
		return Math.max(0, this.#space - OVERHEAD_BYTES);
	}

	#open(host: string, address: string): void {
		const { socket, port = 1_883 } = this.#options as Options;
		this.#state = "connecting";
		this.#socket = new socket.io({
			...socket,
			host,
			address,
			port,
			onReadable: () => this.#readable(),
			onWritable: (count: number) => this.#writable(count),
			onError: () => this.#failed(),
		});
		this.#connectTimer = Timer.set(() => this.#failed(), CONNECT_TIMEOUT_MS);
	}

	#writable(count: number): void {
		this.#space = count;
		if (this.#state === "connecting") this.#login(this.#options as Options);
		else if (this.#state === "connected" && !this.#sendPending()) return;
		else if (this.#state === "connected" || this.#state === "publishing") this.#askForData();
	}

	#login(options: Options): void {
		Timer.clear(this.#connectTimer);
		this.#send(connectPacket(options));
		this.#state = "login";
		const seconds = keepAliveSeconds(options);
		if (seconds === 0) return;
		this.#pingedAt = this.#answeredAt = this.#now;
		this.#keepAliveTimer = Timer.repeat(() => this.#keepAlive(seconds * 1_000), seconds * 250);
	}

	#askForData(): void {
		if (this.#space > OVERHEAD_BYTES) this.#options?.onWritable?.call(this, this.#room);
	}

	#readable(): void {
		for (let bytes = this.#socket?.read(); bytes !== undefined; bytes = this.#socket?.read()) {
			this.#reader.push(new Uint8Array(bytes));
		}
		this.#parse();
	}

	#parse(): void {
		if (this.#isParsing) return;
		this.#isParsing = true;
		for (let incoming = this.#reader.next(); incoming !== undefined; incoming = this.#reader.next()) {
			this.#received(incoming);
			if (this.#socket === undefined) return;
		}
		this.#isParsing = false;
	}

	#received(incoming: Incoming): void {
		if (incoming.kind === "packet") this.#control(incoming.message);
		else if (incoming.kind === "piece") this.#options?.onReadable?.call(this, incoming.count, incoming.options);
		else if (incoming.kind === "broken") this.#failed();
		else this.#answer(incoming.QoS === 1 ? MQTTClient.PUBACK : MQTTClient.PUBREC, incoming.id);
	}

	#control(message: ControlMessage): void {
		const { operation, id = 0, returnCode = 0 } = message;
		if (operation === MQTTClient.PINGRESP) this.#answeredAt = this.#now;
		if (operation === MQTTClient.CONNACK) {
			if (returnCode !== 0) return this.#failed();
			this.#state = "connected";
		}
		if (operation === MQTTClient.PUBREC) this.#answer(MQTTClient.PUBREL, id);
		if (operation === MQTTClient.PUBREL) this.#answer(MQTTClient.PUBCOMP, id);
		this.#options?.onControl?.call(this, message);
		if (operation === MQTTClient.CONNACK) this.#askForData();
	}

	#packetOf(data: ArrayBuffer | ArrayBufferView | null, options: WriteOptions): Buffer {
		// What has no id of its own counts as well, a ping too.
		const id = options.id ?? this.#nextId();
		const { operation = MQTTClient.PUBLISH, items = [] } = options;
		if (operation === MQTTClient.PUBLISH) return this.#publish(id, byteView(data as ArrayBuffer), options);
		if (operation === MQTTClient.PINGREQ) this.#pingedAt = this.#now;
		return controlPacket(operation, id, items);
	}

	#publish(id: number, piece: Uint8Array, options: WriteOptions): Buffer {
		const { byteLength = piece.byteLength } = options;
		if (piece.byteLength > byteLength) throw new Error("invalid");
		const packet = publishPacket(id, piece, options);
		if (packet.byteLength > this.#space) throw new Error("overflow");
		this.#unwritten = byteLength - piece.byteLength;
		if (this.#unwritten > 0) this.#state = "publishing";
		return packet;
	}

	/** The next piece of a PUBLISH. */
	#continue(data: ArrayBuffer | ArrayBufferView | null, options: WriteOptions | undefined): number {
		const piece = byteView(data as ArrayBuffer);
		const fits = this.#state === "publishing" && options === undefined && piece.byteLength <= this.#unwritten;
		if (!fits) throw new Error();
		this.#space = (this.#socket as ClientSocket).write(piece); // throws "would block"
		this.#unwritten -= piece.byteLength;
		if (this.#unwritten === 0) this.#state = "connected";
		return this.#room;
	}

	/** What the client has to say goes out from a timer, and not inside a PUBLISH that is written in pieces. */
	#queue(packet: Pending): void {
		this.#pending.push(packet);
		this.#pendingTimer ??= Timer.set(() => {
			this.#pendingTimer = undefined;
			this.#writable(this.#space);
		});
	}

	#answer(operation: number, id: number): void {
		this.#queue({ operation, id, byteLength: 4 });
	}

	/** @returns false when there is no room for all of it */
	#sendPending(): boolean {
		for (let [first] = this.#pending; first !== undefined; [first] = this.#pending) {
			if (first.byteLength > this.#space) return false;
			this.#pending.shift();
			this.write(null, first);
		}
		return true;
	}

	#keepAlive(interval: number): void {
		if (this.#now - this.#answeredAt >= interval * 1.5) return this.#failed();
		if (this.#now - this.#pingedAt < interval * 0.75 - 500) return;
		if (this.#pending.some(({ operation }) => operation === MQTTClient.PINGREQ)) return this.#failed();
		this.#queue({ operation: MQTTClient.PINGREQ, byteLength: 2 });
	}

	get #now(): number {
		return this.#machine.hardware.clock.now();
	}

	#send(bytes: Uint8Array): void {
		if (bytes.byteLength > this.#space) throw new Error("overflow");
		this.#space = (this.#socket as ClientSocket).write(bytes);
	}

	#nextId(): number {
		this.#packetId += 1;
		return this.#packetId;
	}

	/** The application is told first. After close() there is nobody to tell, which is thrown. */
	#failed(): void {
		const { onError } = this.#options as Options;
		onError?.call(this);
		this.close();
	}
}
