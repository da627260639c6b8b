/** Bytes that have come and that the application has not read: for the sockets and the HTTP client. */
export class ReceiveBuffer {
	#pieces: Buffer[] = [];
	#byteLength = 0;

	get byteLength(): number {
		return this.#byteLength;
	}

	push(bytes: Buffer): void {
		this.#pieces.push(bytes);
		this.#byteLength += bytes.byteLength;
	}

	/** Takes at most `count` bytes. @returns undefined when there are none */
	read(count?: number): ArrayBuffer | undefined {
		if (this.#byteLength === 0) return undefined;
		const all = Buffer.concat(this.#pieces);
		const bytes = all.subarray(0, count ?? all.byteLength);
		const rest = all.subarray(bytes.byteLength);
		this.#pieces = rest.byteLength > 0 ? [rest] : [];
		this.#byteLength = rest.byteLength;
		return Uint8Array.from(bytes).buffer;
	}
}

/** The bytes of a buffer or a view. @throws for a view whose elements have more than one byte */
export function byteView(buffer: ArrayBuffer | ArrayBufferView): Uint8Array<ArrayBuffer> {
	if (!ArrayBuffer.isView(buffer)) return new Uint8Array(buffer);
	const { BYTES_PER_ELEMENT = 1 } = buffer as Uint8Array;
	if (BYTES_PER_ELEMENT > 1) throw new Error("invalid buffer");
	return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);
}
