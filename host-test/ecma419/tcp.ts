import { connect, Socket } from "node:net";
import type { Hold } from "../clock.js";
import { Machine } from "../machine/machine.js";

export interface TCPOptions {
	address?: string;
	host?: string;
	port: number;
	onReadable?: (count: number) => void;
	onWritable?: (count: number) => void;
	onError?: (error?: unknown) => void;
}

/** lwIP's TCP_SND_BUF on the ESP32 (sdkconfig, CONFIG_LWIP_TCP_SND_BUF_DEFAULT). */
const SEND_BUFFER_BYTES = 5_760;
/** lwIP's TCP_WND. */
const RECEIVE_WINDOW_BYTES = 5_760;

/** What a device without a network gets. */
function unreachable(): Socket {
	const socket = new Socket();
	setImmediate(() => socket.destroy(new Error("ENETUNREACH")));
	return socket;
}

/** `embedded:io/socket/tcp`, as ECMA-419 has it: non-blocking, counts of bytes in the callbacks. */
export default class TCP {
	readonly #machine = Machine.current;
	readonly #options: TCPOptions;
	readonly #socket: Socket;
	#received: Buffer[] = [];
	#readable = 0;
	#unsent = 0;
	#connected = false;
	#closed = false;
	#release: Hold;
	#forget: () => void;

	constructor(options: TCPOptions) {
		this.#machine.alive();
		this.#options = options;
		const enter = (callback: () => void) => {
			if (!this.#closed) this.#machine.enter(callback);
		};
		const host = options.address ?? options.host;
		this.#socket = this.#machine.online ? connect({ host, port: options.port, noDelay: true }) : unreachable();
		this.#socket.on("connect", () => {
			this.#connected = true;
			enter(() => this.#options.onWritable?.(SEND_BUFFER_BYTES));
		});
		this.#socket.on("data", (bytes) => {
			this.#received.push(bytes);
			this.#readable += bytes.byteLength;
			if (this.#readable >= RECEIVE_WINDOW_BYTES) this.#socket.pause();
			enter(() => this.#options.onReadable?.(this.#readable));
		});
		// The SDK knows no half-closed connection: the other side's end is an error, as any other end is.
		const failed = () => enter(() => this.#options.onError?.());
		this.#socket.on("error", failed);
		this.#socket.on("end", failed);
		this.#release = this.#machine.hold();
		this.#forget = this.#machine.own(() => this.#destroy());
	}

	/** A number of bytes, at most; or as many as fit the buffer. */
	read(count?: number): ArrayBuffer | undefined {
		this.#machine.alive();
		if (this.#readable === 0) return undefined;
		const all = Buffer.concat(this.#received);
		const bytes = all.subarray(0, count ?? all.byteLength);
		const rest = all.subarray(bytes.byteLength);
		this.#received = rest.byteLength > 0 ? [rest] : [];
		this.#readable = rest.byteLength;
		if (this.#readable < RECEIVE_WINDOW_BYTES && this.#socket.isPaused()) this.#socket.resume();
		return Uint8Array.from(bytes).buffer;
	}

	/** @throws when there is less space than bytes */
	write(data: ArrayBuffer | Uint8Array): number {
		const bytes = Buffer.from(data instanceof Uint8Array ? data : new Uint8Array(data));
		if (!this.#connected || this.#closed) throw new Error("not connected");
		if (bytes.byteLength > SEND_BUFFER_BYTES - this.#unsent) throw new Error("overflow");
		this.#machine.operation("send", () => {
			this.#unsent += bytes.byteLength;
			this.#socket.write(bytes, () => {
				this.#unsent -= bytes.byteLength;
				if (!this.#closed) this.#machine.enter(() => this.#options.onWritable?.(this.#space));
			});
		});
		return this.#space;
	}

	close(): void {
		if (this.#closed) return;
		this.#forget();
		this.#closed = true;
		this.#release();
		// What was written before goes out, a goodbye above all; then the connection is gone for good.
		if (!this.#connected) return void this.#socket.destroy();
		this.#socket.end(() => this.#socket.destroy());
		this.#socket.resume();
	}

	/** Host only: calls onReadable though nothing came, so that a layer above can throw where the SDK's throws. */
	poke(): void {
		this.#machine.enter(() => this.#options.onReadable?.(this.#readable));
	}

	get #space(): number {
		return SEND_BUFFER_BYTES - this.#unsent;
	}

	#destroy(): void {
		this.#closed = true;
		this.#release();
		this.#socket.destroy();
	}
}
