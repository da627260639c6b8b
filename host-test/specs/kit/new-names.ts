const NAMES = 40;
const OPERATIONS = ["dance", "erase", "ota", "file"];

/** A document that the agent refuses, with 40 member names of its own, some of them nested. */
export function withNewNames(n: number): Record<string, unknown> {
	const members = Array.from({ length: NAMES }, (_, i) => [`n${n}x${i}`, i % 2 === 0 ? i : { [`deep${n}x${i}`]: i }]);
	return { ...Object.fromEntries(members), operation: OPERATIONS[n % OPERATIONS.length] };
}
