/**
 * Bytes as hexadecimal or base64 text, a comparison, and a checksum. XS has `Uint8Array.fromHex` and its siblings;
 * Node.js 20, on which the same sources are tested, has not.
 */

const HEX_DIGITS = "0123456789abcdef";
const BASE64_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** The sixteen remainders of one nibble: a table of 256 would be quicker and cost 1 KB of flash for 512 bytes a write. */
const REMAINDERS = Object.freeze(
	[
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320,
		0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	] as const,
	true,
);

export function toHex(bytes: Uint8Array): string {
	let text = "";
	for (const byte of bytes) text += HEX_DIGITS.charAt(byte >> 4) + HEX_DIGITS.charAt(byte & 15);
	return text;
}

/** @returns undefined when the text is not pairs of hexadecimal digits, or holds more than `limit` bytes */
export function fromHex(text: unknown, limit: number): Uint8Array | undefined {
	if (typeof text !== "string" || text.length % 2 !== 0 || text.length > limit * 2) return undefined;
	const bytes = new Uint8Array(text.length / 2);
	for (let i = 0; i < bytes.length; i += 1) {
		const high = digit(text.charCodeAt(2 * i));
		const low = digit(text.charCodeAt(2 * i + 1));
		if (high < 0 || low < 0) return undefined;
		bytes[i] = (high << 4) | low;
	}
	return bytes;
}

function digit(code: number): number {
	if (code >= 0x30 && code <= 0x39) return code - 0x30;
	const letter = code | 0x20;
	return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}

/** @returns undefined when the text is not base64 (RFC 4648, section 4, with padding), or holds more than `limit` bytes */
export function fromBase64(text: unknown, limit: number): Uint8Array | undefined {
	if (typeof text !== "string" || text.length % 4 !== 0 || text.length > Math.ceil(limit / 3) * 4) return undefined;
	const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
	const bytes = new Uint8Array((text.length / 4) * 3 - padding);
	const digits = text.length - padding;
	let bits = 0;
	let count = 0;
	let at = 0;
	for (let i = 0; i < digits; i += 1) {
		const value = BASE64_DIGITS.indexOf(text.charAt(i));
		if (value < 0) return undefined;
		bits = ((bits << 6) | value) & 0xffff;
		count += 6;
		if (count < 8) continue;
		count -= 8;
		bytes[at] = (bits >> count) & 0xff;
		at += 1;
	}
	return bytes.byteLength <= limit ? bytes : undefined;
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
