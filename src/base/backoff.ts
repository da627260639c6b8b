/**
 * Exponential back-off with full jitter: the n-th delay is random between 0 and base * 2^n, never above the cap. Full
 * jitter, because ten thousand boards lose the same broker at the same moment.
 */
export class Backoff {
	private readonly baseMs: number;
	private readonly capMs: number;
	private exponent = 0;

	constructor(baseMs: number, capMs: number) {
		this.baseMs = baseMs;
		this.capMs = capMs;
	}

	/** The next delay, in whole milliseconds. */
	next(): number {
		const ceiling = Math.min(this.capMs, this.baseMs * 2 ** this.exponent);
		if (ceiling < this.capMs) this.exponent += 1;
		return Math.floor(Math.random() * (ceiling + 1));
	}

	reset(): void {
		this.exponent = 0;
	}
}
