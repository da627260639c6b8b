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

/** As the SDK's classes read: so many bytes, or into the buffer that they are given. @returns then how many came */
export function readInto(
	count: number | Uint8Array | undefined,
	read: (count: number | undefined) => ArrayBuffer | undefined,
): ArrayBuffer | number | undefined {
	if (!(count instanceof Uint8Array)) return read(count);
	const bytes = read(count.byteLength);
	if (bytes !== undefined) count.set(new Uint8Array(bytes));
	return bytes?.byteLength;
}
