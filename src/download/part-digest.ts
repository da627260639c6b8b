import { Digest } from "crypt";

/** The flash's sector: what is erased at once, and so what is written again at once. */
export const SECTOR_BYTES = 4_096;
const MAX_CHECKPOINTS = 10;
const MIN_INTERVAL_BYTES = 4 * SECTOR_BYTES;

/**
 * How far two checkpoints of a download are apart: at most ten of them an image, for the flash's sake, and none for what is
 * fetched anew in a moment.
 *
 * @returns bytes, whole sectors
 */
export function checkpointInterval(size: number): number {
	return Math.max(MIN_INTERVAL_BYTES, Math.ceil(size / MAX_CHECKPOINTS / SECTOR_BYTES) * SECTOR_BYTES);
}

/**
 * The digest of a part of an image, at each checkpoint. The platform's digest tells its value only once, at its end: so each
 * interval has its own, that begins with the value of the one before.
 */
export class PartDigest {
	readonly #interval: number;
	#digest = new Digest("SHA256");
	#count = 0;

	constructor(size: number) {
		this.#interval = checkpointInterval(size);
	}

	/**
	 * @param bytes never across a checkpoint
	 * @returns the digest of all so far, at a checkpoint
	 */
	write(bytes: Uint8Array): Uint8Array | undefined {
		this.#digest.write(bytes);
		this.#count += bytes.byteLength;
		if (this.#count % this.#interval !== 0) return undefined;
		const value = new Uint8Array(this.#digest.close());
		this.#digest = new Digest("SHA256");
		this.#digest.write(value);
		return value;
	}
}
