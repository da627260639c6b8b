import { connect, Socket } from "node:net";
import type { Hold } from "../clock.js";
import { Machine } from "../machine/machine.js";
import { ReceiveBuffer } from "./receive-buffer.js";

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

/** The socket of a device without a network: it fails. */
function unreachable(): Socket {
	const socket = new Socket();
	setImmediate(() => socket.destroy(new Error("ENETUNREACH")));
	return socket;
}

/** `embedded:io/socket/tcp` as in ECMA-419: non-blocking, with numbers of bytes in the callbacks. */
export default class TCP {
	readonly #machine = Machine.current;
	readonly #options: TCPOptions;
	readonly #socket: Socket;
	readonly #received = new ReceiveBuffer();
	#unsent = 0;
	#connected = false;
	/** Until the other side has closed, be it that there are bytes to read still. */
	#ready = false;
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
			this.#connected = this.#ready = true;
			enter(() => this.#options.onWritable?.call(this, SEND_BUFFER_BYTES));
		});
		this.#socket.on("data", (bytes) => {
			this.#received.push(bytes);
			if (this.#received.byteLength >= RECEIVE_WINDOW_BYTES) this.#socket.pause();
			enter(() => this.#options.onReadable?.call(this, this.#received.byteLength));
		});
		// The SDK has no half-closed connections: the end of the other side is an error, as any other end is.
		const failed = () => {
			this.#ready = false;
			enter(() => this.#options.onError?.call(this));
		};
		this.#socket.on("error", failed);
		this.#socket.on("end", failed);
		this.#release = this.#machine.hold();
		this.#forget = this.#machine.own(() => this.#destroy());
	}

	/** Reads at most this many bytes. */
	read(count?: number): ArrayBuffer | undefined {
		this.#machine.alive();
		const bytes = this.#received.read(count);
		if (this.#received.byteLength < RECEIVE_WINDOW_BYTES && this.#socket.isPaused()) this.#socket.resume();
		return bytes;
	}

	/** @returns the space that is left @throws when there is less than bytes, or the other side has closed (modules/io/socket/lwip/tcp.c) */
	write(data: ArrayBuffer | Uint8Array): number {
		const bytes = Buffer.from(data instanceof Uint8Array ? data : new Uint8Array(data));
		if (!this.#ready || this.#closed) throw new Error("not ready");
		if (bytes.byteLength > SEND_BUFFER_BYTES - this.#unsent) throw new Error("would block");
		if (bytes.byteLength === 0) return this.#space;
		this.#machine.operation("send", () => {
			this.#unsent += bytes.byteLength;
			this.#socket.write(bytes, () => {
				this.#unsent -= bytes.byteLength;
				if (!this.#closed) this.#machine.enter(() => this.#options.onWritable?.call(this, this.#space));
			});
		});
		return this.#space;
	}

	close(): void {
		if (this.#closed) return;
		this.#forget();
		this.#closed = true;
		this.#release();
		// What was written before is still sent, a DISCONNECT above all.
		if (!this.#connected) return void this.#socket.destroy();
		this.#socket.end(() => this.#socket.destroy());
		this.#socket.resume();
	}

	/** Host only: calls onReadable though nothing came. TLS calls its user from within, as the SDK's does. */
	poke(): void {
		this.#machine.enter(() => this.#options.onReadable?.call(this, this.#received.byteLength));
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

// As whatever is preloaded into flash: an object of this class takes no assignment to a method's name.
Object.freeze(TCP.prototype);
