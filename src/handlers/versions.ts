const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

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

/** The leading numbers: "1.2.3-rc1" gives 1, 2, 3. Without a regular expression, whose program would lie in the heap. */
function numbersOf(version: string): number[] | undefined {
	const numbers: number[] = [];
	let number: number | undefined;
	for (let i = version.startsWith("v") ? 1 : 0; i < version.length; i += 1) {
		const code = version.charCodeAt(i);
		if (code >= ZERO && code <= NINE) number = (number ?? 0) * 10 + code - ZERO;
		else if (code === DOT && number !== undefined) {
			numbers.push(number);
			number = undefined;
		} else break;
	}
	if (number !== undefined) numbers.push(number);
	return numbers.length === 0 ? undefined : numbers;
}
