/** Says on the console what a call returns, or throws. */
export function traced(what: string, call: () => unknown): void {
	let result: string;
	try {
		result = show(call());
	} catch (error) {
		result = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
	}
	trace(`= ${what} = ${result}\n`);
}

function show(value: unknown): string {
	if (typeof value === "bigint") return `${value}n`;
	if (value instanceof Uint8Array) return `bytes ${Array.from(value).join(" ")}`;
	return value === undefined ? "undefined" : JSON.stringify(value);
}

/** What `traced` said on a console, by what was called. */
export function tracedLines(lines: readonly string[]): Record<string, string> {
	const found = lines.flatMap((text) => [...text.matchAll(/^= (.*?) = (.*)$/gm)]);
	return Object.fromEntries(found.map(([, what, result]) => [what, result]));
}
