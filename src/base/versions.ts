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
	const parts = (version.startsWith("v") ? version.slice(1) : version).split(".");
	const numbers: number[] = [];
	for (let i = 0; i < parts.length; i += 1) {
		const part = parts[i] as string;
		const digits = leadingDigits(part);
		if (digits > 0) numbers.push(Number(part.slice(0, digits)));
		if (digits < part.length || digits === 0) break;
	}
	return numbers.length === 0 ? undefined : numbers;
}

function leadingDigits(text: string): number {
	let count = 0;
	while (text.charCodeAt(count) >= ZERO && text.charCodeAt(count) <= NINE) count += 1;
	return count;
}
