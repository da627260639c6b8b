const INTEGER = 0x02;

/**
 * Just enough DER (ITU-T X.690) for keys and signatures: one element at a time, read where it lies. Nothing is copied.
 *
 * @returns the content of the element that the bytes begin with; undefined when it has another tag, is cut off, or is longer than
 * DER writes it: each length and each integer has one form
 */
export function contentOf(der: Uint8Array, tag: number): Uint8Array | undefined {
	if (der[0] !== tag) return undefined;
	let length = der[1] ?? 0;
	let at = 2;
	if (length >= 0x80) {
		at += length - 0x80;
		length = 0;
		for (let i = 2; i < at; i += 1) length = length * 256 + (der[i] ?? 0);
		if (der[2] === 0 || length < 0x80) return undefined;
	}
	if (at + length > der.byteLength) return undefined;
	const content = der.subarray(at, at + length);
	return tag === INTEGER && !isMinimal(content) ? undefined : content;
}

/** X.690, clause 8.3.2: the first nine bits are not all alike. */
export function isMinimal(integer: Uint8Array): boolean {
	const { byteLength } = integer;
	if (byteLength < 2) return byteLength === 1;
	const sign = (integer[1] as number) >> 7;
	return integer[0] !== (sign === 0 ? 0 : 0xff);
}

/** What follows an element's content. */
export function after(der: Uint8Array, content: Uint8Array): Uint8Array {
	return der.subarray(content.byteOffset - der.byteOffset + content.byteLength);
}

export function begins(bytes: Uint8Array, head: readonly number[]): boolean {
	for (let i = 0; i < head.length; i += 1) if (bytes[i] !== head[i]) return false;
	return true;
}

/** The unsigned number in the bytes `from` up to `to`, exclusive, the most significant first. There is one byte at least. */
export function toBigInt(bytes: Uint8Array, from: number, to: number): bigint {
	return BigInt.fromArrayBuffer(bytes.slice(from, to).buffer) as bigint;
}
