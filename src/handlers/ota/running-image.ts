import { Digest } from "crypt";
import { equalBytes } from "../../base/bytes.js";
import type { Turn } from "../../download/checked-file.js";
import type { Firmware } from "../../platform/firmware.js";

/** Read at a time. */
const PIECE_BYTES = 4_096;
/** Read between two turns of the machine, in which other callbacks run. */
const PIECES_A_TURN = 8;

/**
 * Whether the running image is the one with this size and SHA-256. This, and not a version string, tells which firmware
 * runs.
 */
export function compareRunningImage(
	firmware: Firmware,
	size: number,
	sha256: Uint8Array,
	turn: Turn,
	onCompared: (same: boolean) => void,
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
		if (offset < size) turn(step);
		else onCompared(equalBytes(new Uint8Array(digest.close()), sha256));
	};
	turn(step);
}

function readPiece(firmware: Firmware, byteLength: number, offset: number): ArrayBuffer | undefined {
	try {
		return firmware.readRunning(byteLength, offset);
	} catch {
		return undefined;
	}
}
