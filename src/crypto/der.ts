/** The content of the DER element that the bytes begin with. @returns undefined when it is another one, or cut off */
export function contentOf(der: Uint8Array, tag: number): Uint8Array | undefined {
	if (der[0] !== tag) return undefined;
	let length = der[1] ?? 0;
	let at = 2;
	if (length > 0x80) {
		at += length - 0x80;
		length = 0;
		for (let i = 2; i < at; i += 1) length = length * 256 + (der[i] ?? 0);
	}
	return at + length <= der.byteLength ? der.subarray(at, at + length) : undefined;
}

/** What follows an element's content. */
export function after(der: Uint8Array, content: Uint8Array): Uint8Array {
	return der.subarray(content.byteOffset - der.byteOffset + content.byteLength);
}

export function begins(bytes: Uint8Array, head: readonly number[]): boolean {
	for (let i = 0; i < head.length; i += 1) if (bytes[i] !== head[i]) return false;
	return true;
}

/** The object identifier of RSA in a SubjectPublicKeyInfo or a PrivateKeyInfo (RFC 8017, A.1), with its NULL. */
export const RSA_ALGORITHM = Object.freeze(
	[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00],
	true,
);
