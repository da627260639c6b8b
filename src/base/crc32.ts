/** The sixteen remainders of one nibble: a table of 256 would be quicker and cost 1 KB of flash for 512 bytes a write. */
const REMAINDERS = Object.freeze(
	[
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320,
		0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	] as const,
	true,
);

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
