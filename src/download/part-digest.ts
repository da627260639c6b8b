import { Digest } from "crypt";

/** The flash's sector: what is erased at once, and so what is written again at once. */
export const SECTOR_BYTES = 4_096;
const MAX_CHECKPOINTS = 10;
const MIN_INTERVAL_BYTES = 4 * SECTOR_BYTES;

/**
 * The digest of a file so far, at each checkpoint of its download. The SDK's digest tells its value only once, at its end: so
 * each interval between two checkpoints has a digest of its own, which begins with the value of the one before.
 */
export class PartDigest {
	private readonly interval: number;
	private digest = new Digest("SHA256");
	private count = 0;

	/** @param size the file's bytes */
	constructor(size: number) {
		this.interval = checkpointInterval(size);
	}

	/**
	 * @param bytes never across a checkpoint
	 * @returns the digest of all so far, at a checkpoint
	 */
	write(bytes: Uint8Array): Uint8Array | undefined {
		this.digest.write(bytes);
		this.count += bytes.byteLength;
		if (this.count % this.interval !== 0) return undefined;
		const value = new Uint8Array(this.digest.close());
		this.digest = new Digest("SHA256");
		this.digest.write(value);
		return value;
	}
}

/**
 * Bytes between two checkpoints, in whole sectors. At most ten for a file, to spare the flash; none for a small file, which is
 * fetched anew in a moment.
 */
function checkpointInterval(size: number): number {
	return Math.max(MIN_INTERVAL_BYTES, Math.ceil(size / MAX_CHECKPOINTS / SECTOR_BYTES) * SECTOR_BYTES);
}
