import { Digest } from "crypt";
import { equalBytes } from "../../base/bytes.js";
import type { Logger } from "../../base/log.js";
import { later } from "../../base/timer.js";
import { isLower } from "../../base/versions.js";
import type { Firmware } from "../../platform/firmware.js";

/**
 * The head of an image. ESP-IDF's esp_image_header_t (esp_app_format.h): magic at 0, chip id (u16) at 12. Behind it and the first
 * segment's header, at 32, esp_app_desc_t (esp_app_desc.h): magic, and at 16 in it the version (32 bytes, ended by 0).
 */
const HEADER_BYTES = 24;
const MAGIC = 0xe9;
const CHIP_ID_AT = 12;
const DESCRIPTION_AT = 32;
const DESCRIPTION_MAGIC = Object.freeze([0x32, 0x54, 0xcd, 0xab], true);
const VERSION_AT = DESCRIPTION_AT + 16;
const VERSION_BYTES = 32;
const HEAD_BYTES = VERSION_AT + VERSION_BYTES;

/** Bytes of the running image that are read at a time. */
const PIECE_BYTES = 4_096;
/** Pieces between two turns of the machine's loop, in which other callbacks run. */
const PIECES_A_TURN = 8;

/**
 * Finds a wrong file by its first bytes, before a megabyte of it was written. It has to be for the same chip as the image that
 * runs: so no list of chips is needed.
 *
 * @param mayBeOlder whether its version may be lower than that of the image that runs
 * @returns what is wrong with it
 * @throws when the flash cannot be read
 */
export function problemWithHead(head: Uint8Array, firmware: Firmware, mayBeOlder: boolean): string | undefined {
	const running = new Uint8Array(firmware.readRunning(HEAD_BYTES, 0));
	if (head[0] !== MAGIC || head.byteLength < HEADER_BYTES) return "not a firmware image";
	if (chipId(head) !== chipId(running)) return `an image for chip ${chipId(head)}; this is chip ${chipId(running)}`;
	if (mayBeOlder || !isLower(versionOf(head), versionOf(running))) return undefined;
	return "the image says that it is older than the one that runs";
}

/**
 * Finds out whether the image that runs has this size and SHA-256. This, and not a version string, tells which firmware runs.
 * It goes on when the job that asks is taken away meanwhile.
 */
export function compareRunningImage(
	firmware: Firmware,
	{ size, sha256 }: { size: number; sha256: Uint8Array },
	logger: Logger,
	onCompared: (isSame: boolean) => void,
): void {
	const digest = new Digest("SHA256");
	let offset = 0;
	const step = () => {
		for (let i = 0; i < PIECES_A_TURN && offset < size; i += 1) {
			const bytes = readPiece(firmware, Math.min(PIECE_BYTES, size - offset), offset);
			if (bytes === undefined) return onCompared(false); // larger than the partition: another image
			digest.write(bytes);
			offset += bytes.byteLength;
		}
		if (offset < size) later(undefined, step, 0, logger);
		else onCompared(equalBytes(new Uint8Array(digest.close()), sha256));
	};
	later(undefined, step, 0, logger);
}

function readPiece(firmware: Firmware, byteLength: number, offset: number): ArrayBuffer | undefined {
	try {
		return firmware.readRunning(byteLength, offset);
	} catch {
		return undefined;
	}
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
