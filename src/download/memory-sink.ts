import type { Sink, SinkWriter } from "./sink.js";

/** Holds a small file in memory: for a handler that reads it at once and keeps none of it. */
export class MemorySink implements Sink, SinkWriter {
	readonly refusalReason = "fileRejected";
	private readonly onFile: (bytes: Uint8Array) => void;
	private bytes = new Uint8Array(0);
	private filled = 0;

	constructor(onFile: (bytes: Uint8Array) => void) {
		this.onFile = onFile;
	}

	open(byteLength: number): SinkWriter {
		this.bytes = new Uint8Array(byteLength);
		this.filled = 0;
		return this;
	}

	write(bytes: Uint8Array): void {
		this.bytes.set(bytes, this.filled);
		this.filled += bytes.byteLength;
	}

	complete(): void {
		this.onFile(this.bytes);
	}
}
