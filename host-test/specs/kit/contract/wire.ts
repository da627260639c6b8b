import { VirtualClock } from "../../../clock.js";
import "../../../ecma419/globals.js";
import type { Hardware } from "../../../machine/hardware.js";
import { Machine } from "../../../machine/machine.js";

interface SocketOptions {
	readonly host: string;
	readonly address: string;
	readonly port: number;
	onReadable(count: number): void;
	onWritable(count: number): void;
	onError(error?: unknown): void;
}

interface Query {
	readonly host: string;
	onResolved(host: string, address: string): void;
	onError(error?: unknown): void;
}

/**
 * A resolver and a socket whose every event is the test's, for a client of the SDK's or of ours. The socket reads and writes as
 * modules/io/socket/lwip/tcp.c does, and is as quiet as TLS when it is used once closed.
 */
export class Wire {
	readonly clock = new VirtualClock();
	readonly machine: Machine;
	/** What ended the machine: an exception that a callback let through. */
	readonly aborts: string[] = [];
	/** What the test wants to remember, in order. */
	readonly log: unknown[] = [];
	/** What the socket can take. */
	room = 5_760;
	/** False once the other side has closed. */
	isReady = true;
	/** How often the client has closed its socket. */
	closed = 0;
	/** Thrown by the socket's constructor. */
	refusal: Error | undefined;
	query: Query | undefined;
	socket: SocketOptions | undefined;
	#sent: Uint8Array[] = [];
	#incoming = Buffer.alloc(0);

	constructor() {
		this.clock.hold();
		const hardware: Partial<Hardware> = {
			clock: this.clock,
			trace: () => undefined,
			ended: (_how, detail) => this.aborts.push(detail.split("\n", 1)[0] as string),
		};
		this.machine = new Machine(hardware as Hardware);
	}

	/** The options `dns` and `socket` of a client. */
	get network() {
		const wire = this;
		class Resolver {
			resolve(query: Query): void {
				wire.query = query;
			}
		}
		class Socket {
			format = "buffer";
			constructor(options: SocketOptions) {
				if (wire.refusal !== undefined) throw wire.refusal;
				wire.socket = options;
			}
			read(wanted?: number | ArrayBufferView | ArrayBuffer): number | ArrayBuffer | undefined {
				return this.format === "number" ? wire.#take(1)?.[0] : wire.#read(wanted);
			}
			write(data: ArrayBuffer | Uint8Array): number {
				return wire.#write(data instanceof Uint8Array ? data : new Uint8Array(data));
			}
			close(): void {
				wire.closed += 1;
			}
		}
		return { dns: { io: Resolver as never }, socket: { io: Socket as never } };
	}

	/** Runs what an application does, with its exceptions. */
	do<T>(action: () => T): T {
		let result: { value: T } | { error: unknown } | undefined;
		this.machine.enter(() => {
			try {
				result = { value: action() };
			} catch (error) {
				result = { error };
			}
		});
		if (result === undefined) throw new Error(`the machine has ended: ${this.aborts.join()}`);
		if ("error" in result) throw result.error;
		return result.value;
	}

	resolve(): void {
		this.machine.enter(() => this.query?.onResolved(this.query.host, "192.0.2.1"));
	}

	unresolved(error?: unknown): void {
		this.machine.enter(() => this.query?.onError(error));
	}

	/** There is room on the socket. */
	writable(room = this.room): void {
		this.room = room;
		this.machine.enter(() => this.socket?.onWritable(room));
	}

	/** A segment comes. */
	receive(bytes: string | Uint8Array): void {
		this.#incoming = Buffer.concat([this.#incoming, Buffer.from(bytes as string)]);
		this.machine.enter(() => this.socket?.onReadable(this.#incoming.byteLength));
	}

	/** The connection is lost, or closed from the other side. */
	fail(): void {
		this.isReady = false;
		this.machine.enter(() => this.socket?.onError());
	}

	/** What is due at once, such as the timers that the clients set to be called from outside, and after some time. */
	pass(milliseconds = 0): void {
		this.clock.advance(milliseconds);
	}

	/** What has been sent since the last call. */
	taken(): Buffer {
		const sent = Buffer.concat(this.#sent);
		this.#sent = [];
		return sent;
	}

	/** What the test expects: the exception that has ended the machine. */
	takeAbort(): string {
		return this.aborts.shift() ?? "no abort";
	}

	#take(count: number): Buffer | undefined {
		if (this.#incoming.byteLength === 0) return undefined;
		const bytes = this.#incoming.subarray(0, count);
		this.#incoming = this.#incoming.subarray(count);
		return bytes;
	}

	#read(wanted?: number | ArrayBufferView | ArrayBuffer): number | ArrayBuffer | undefined {
		const available = this.#incoming.byteLength;
		if (available === 0) return undefined;
		const count = typeof wanted === "object" ? wanted.byteLength : (wanted ?? available);
		if (count <= 0 || count > available) throw new Error("invalid");
		const bytes = this.#take(count) as Buffer;
		if (typeof wanted !== "object") return Uint8Array.from(bytes).buffer;
		const view = ArrayBuffer.isView(wanted)
			? new Uint8Array(wanted.buffer, wanted.byteOffset, count)
			: new Uint8Array(wanted);
		view.set(bytes);
		return count;
	}

	#write(bytes: Uint8Array): number {
		if (!this.isReady) throw new Error("not ready");
		if (bytes.byteLength > this.room) throw new Error("would block");
		this.room -= bytes.byteLength;
		this.#sent.push(Uint8Array.from(bytes));
		return this.room;
	}
}
