/** Milliseconds since the epoch, as the emulator counts. AWS's APIs have seconds, with or without a fraction. */
export type Milliseconds = number;

export const MINUTE_MS = 60_000;

/** Whole seconds since the epoch, as devices are told. */
export function seconds(time: Milliseconds): number {
	return Math.floor(time / 1_000);
}
