/** What XS's `xsmcGetBufferReadable` takes: a buffer, or a view of one. @throws TypeError for anything else */
export function bytesOf(value: unknown): Uint8Array {
	if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return new Uint8Array(value);
	if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
	throw new TypeError("invalid buffer");
}
