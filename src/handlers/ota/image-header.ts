import { isLower } from "../../base/versions.js";
import type { Firmware } from "../../platform/firmware.js";

/**
 * The head of an image, by ESP-IDF's esp_image_header_t (esp_app_format.h): magic at 0, chip id (u16) at 12; behind it and the
 * first segment's header, at 32, esp_app_desc_t (esp_app_desc.h): magic, and at 16 in it the version (32 bytes, ended by 0).
 */
const HEADER_BYTES = 24;
const MAGIC = 0xe9;
const CHIP_ID_AT = 12;
const DESCRIPTION_AT = 32;
const DESCRIPTION_MAGIC = Object.freeze([0x32, 0x54, 0xcd, 0xab], true);
const VERSION_AT = DESCRIPTION_AT + 16;
const VERSION_BYTES = 32;
const HEAD_BYTES = VERSION_AT + VERSION_BYTES;

/**
 * A wrong file is found by its first bytes, before a megabyte of it has been written. It has to be for the same chip as the
 * image that runs: no list of chips is needed.
 *
 * @param running the first bytes of the image that runs: `runningHead`
 * @returns what is wrong with the head, or undefined
 */
export function headProblem(head: Uint8Array, running: Uint8Array): string | undefined {
	if (head[0] !== MAGIC || head.byteLength < HEADER_BYTES) return "not a firmware image";
	if (chipId(head) === chipId(running)) return undefined;
	return `an image for chip ${chipId(head)}; this is chip ${chipId(running)}`;
}

/** Whether an image says itself that it is older than the one that runs. */
export function isOlder(head: Uint8Array, running: Uint8Array): boolean {
	return isLower(versionOf(head), versionOf(running));
}

/** @throws when the flash cannot be read */
export function runningHead(firmware: Firmware): Uint8Array {
	return new Uint8Array(firmware.readRunning(HEAD_BYTES, 0));
}

function chipId(header: Uint8Array): number {
	return (header[CHIP_ID_AT] as number) | ((header[CHIP_ID_AT + 1] as number) << 8);
}

/** "" where there is none. */
function versionOf(head: Uint8Array): string {
	if (head.byteLength < HEAD_BYTES) return "";
	for (let i = 0; i < 4; i += 1) if (head[DESCRIPTION_AT + i] !== DESCRIPTION_MAGIC[i]) return "";
	let version = "";
	for (let i = VERSION_AT; i < HEAD_BYTES && head[i] !== 0; i += 1) version += String.fromCharCode(head[i] as number);
	return version;
}
