import type { Firmware } from "../platform/firmware.js";

/** ESP-IDF, esp_image_header_t (esp_app_format.h): magic at 0, chip id (u16) at 12. */
export const HEADER_BYTES = 24;
const MAGIC = 0xe9;
const CHIP_ID_AT = 12;

/**
 * A wrong file is found by its first bytes, before a megabyte of it has been written. It has to be for the same chip as the
 * image that runs: no list of chips is needed.
 *
 * @returns what is wrong with the header, or undefined
 */
export function headerProblem(header: Uint8Array, firmware: Firmware): string | undefined {
	if (header[0] !== MAGIC) return "not a firmware image";
	const running = new Uint8Array(firmware.readRunning(HEADER_BYTES, 0));
	if (chipId(header) === chipId(running)) return undefined;
	return `an image for chip ${chipId(header)}; this is chip ${chipId(running)}`;
}

function chipId(header: Uint8Array): number {
	return (header[CHIP_ID_AT] as number) | ((header[CHIP_ID_AT + 1] as number) << 8);
}
