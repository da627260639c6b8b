/** How long executions took, in milliseconds: half of them at most `median`, 90 % at most `ninth`. */
export interface Times {
	readonly median: number;
	readonly ninth: number;
	readonly longest: number;
}

export function timesOf(milliseconds: readonly number[]): Times {
	const sorted = milliseconds.toSorted((a, b) => a - b);
	const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
	return { median: at(0.5), ninth: at(0.9), longest: at(1) };
}

/** The average, to one decimal. */
export function average(total: number, count: number): number {
	return Math.round((total * 10) / count) / 10;
}

/** Executions by their status, as text: `3 QUEUED, 1 FAILED`. */
export function countsOf(executions: Readonly<Record<string, number>>): string {
	return Object.entries(executions)
		.map(([status, count]) => `${count} ${status}`)
		.join(", ");
}
