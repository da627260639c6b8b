const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

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
		const value = DIGITS.indexOf(text.charAt(i));
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
