/** Bytes out of hexadecimal or base64 text that comes from outside, a comparison, and a checksum. */

/** The sixteen remainders of one nibble: a table of 256 would be quicker and cost 1 KB of flash for 512 bytes a write. */
const REMAINDERS = Object.freeze(
	[
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320,
		0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	] as const,
	true,
);

/** @returns undefined when the text is not pairs of hexadecimal digits, or holds more than `limit` bytes */
export function fromHex(text: unknown, limit: number): Uint8Array | undefined {
	if (typeof text !== "string" || text.length > limit * 2) return undefined;
	try {
		return Uint8Array.fromHex(text);
	} catch {
		return undefined;
	}
}

/** @returns undefined when the text is not base64 (RFC 4648, section 4, with padding), or holds more than `limit` bytes */
export function fromBase64(text: unknown, limit: number): Uint8Array | undefined {
	if (typeof text !== "string" || text.length > Math.ceil(limit / 3) * 4) return undefined;
	try {
		const bytes = Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
		// It passes over white space, which makes the text longer.
		return bytes.byteLength <= limit && text.length === Math.ceil(bytes.byteLength / 3) * 4 ? bytes : undefined;
	} catch {
		return undefined;
	}
}

/** Whether two arrays hold the same bytes: in the same time, wherever they differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
	if (a.byteLength !== b.byteLength) return false;
	let difference = 0;
	for (let i = 0; i < a.byteLength; i += 1) difference |= (a[i] as number) ^ (b[i] as number);
	return difference === 0;
}

/** CRC-32 as in ISO 3309 (zip, Ethernet) of the first `length` bytes. */
export function crc32(bytes: Uint8Array, length: number): number {
	let crc = -1;
	for (let i = 0; i < length; i += 1) {
		crc ^= bytes[i] as number;
		crc = (crc >>> 4) ^ (REMAINDERS[crc & 15] as number);
		crc = (crc >>> 4) ^ (REMAINDERS[crc & 15] as number);
	}
	return ~crc >>> 0;
}
