/**
 * Whether one version is lower than another. Compared are the numbers between the dots, as in 1.10.2; what does not begin
 * with numbers cannot be compared, and is not lower.
 */
export function isLower(version: string, than: string): boolean {
	const a = numbersOf(version);
	const b = numbersOf(than);
	if (a === undefined || b === undefined) return false;
	for (let i = 0; i < a.length || i < b.length; i += 1) {
		const difference = (a[i] ?? 0) - (b[i] ?? 0);
		if (difference !== 0) return difference < 0;
	}
	return false;
}

/** The leading numbers: "1.2.3-rc1" gives 1, 2, 3. */
function numbersOf(version: string): number[] | undefined {
	const match = /^v?(\d+(?:\.\d+)*)/.exec(version);
	return match?.[1]?.split(".").map(Number);
}
