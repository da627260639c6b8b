import { Duplex } from "node:stream";

export interface StreamedSocket {
	read(count?: number): ArrayBuffer | undefined;
	write(data: Uint8Array): number;
	close(): void;
}

export interface SocketCallbacks {
	onReadable: (count: number) => void;
	onWritable: (count: number) => void;
	onError: (error?: unknown) => void;
}

/** An ECMA-419 socket as a Node.js stream, so that Node's TLS and HTTP can run over it. */
export class SocketStream extends Duplex {
	readonly #socket: StreamedSocket;
	#space = 0;
	#waiting: { chunk: Buffer; sent: number; done: (error?: Error | null) => void } | undefined;

	constructor(make: (callbacks: SocketCallbacks) => StreamedSocket) {
		super({ allowHalfOpen: false });
		this.#socket = make({
			onReadable: () => this.#pull(),
			onWritable: (count) => {
				this.#space = count;
				this.#drain();
			},
			onError: () => this.destroy(new Error("the socket failed")),
		});
	}

	override _read(): void {
		this.#enter(() => this.#pull());
	}

	override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
		this.#waiting = { chunk, sent: 0, done };
		this.#enter(() => this.#drain());
	}

	override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
		this.#socket.close();
		done(error);
	}

	/** Node.js calls this: what the socket throws, such as PowerCut, must not reach it. */
	#enter(callback: () => void): void {
		try {
			callback();
		} catch (error) {
			this.destroy(error as Error);
		}
	}

	#pull(): void {
		if (this.destroyed) return;
		for (let bytes = this.#socket?.read(); bytes !== undefined; bytes = this.#socket.read()) {
			if (!this.push(Buffer.from(bytes))) return;
		}
	}

	#drain(): void {
		const waiting = this.#waiting;
		if (waiting === undefined || this.#space < 1 || this.destroyed) return;
		const piece = waiting.chunk.subarray(waiting.sent, waiting.sent + this.#space);
		waiting.sent += piece.byteLength;
		this.#space = this.#socket.write(piece);
		if (waiting.sent < waiting.chunk.byteLength) return this.#drain();
		this.#waiting = undefined;
		waiting.done();
	}
}
