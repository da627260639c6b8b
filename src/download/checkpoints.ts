/** The flash's sector: what is erased at once, and so what is written again at once. */
export const SECTOR_BYTES = 4_096;
const MAX_CHECKPOINTS = 10;
const MIN_INTERVAL_BYTES = 4 * SECTOR_BYTES;

/**
 * Bytes between two checkpoints, in whole sectors. At most ten for a file, to spare the flash; none for a small file, which is
 * fetched anew in a moment.
 */
export function checkpointInterval(size: number): number {
	return Math.max(MIN_INTERVAL_BYTES, Math.ceil(size / MAX_CHECKPOINTS / SECTOR_BYTES) * SECTOR_BYTES);
}
