const DIGITS = "0123456789abcdef";

export function toHex(bytes: Uint8Array): string {
	let text = "";
	for (const byte of bytes) text += DIGITS.charAt(byte >> 4) + DIGITS.charAt(byte & 15);
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
