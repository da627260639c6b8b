const STATUS_MS = 500;

/** Shows progress on a terminal, in a line that is overwritten; elsewhere nothing. @returns shows a text; "" clears the line */
export function progressLine(silent: boolean): (text: string | (() => string)) => void {
	let last = 0;
	return (text) => {
		const now = Date.now();
		if (silent || !process.stderr.isTTY || (text !== "" && now < last + STATUS_MS)) return;
		last = now;
		process.stderr.write(`\r\x1b[K${typeof text === "string" ? text : text()}`);
	};
}
