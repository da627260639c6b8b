const STATUS_MS = 500;

/** On a terminal one line that is written over; else nothing. @returns takes the line; "" ends it */
export function progressLine(silent: boolean): (text: string | (() => string)) => void {
	let last = 0;
	return (text) => {
		const now = Date.now();
		if (silent || !process.stderr.isTTY || (text !== "" && now < last + STATUS_MS)) return;
		last = now;
		process.stderr.write(`\r\x1b[K${typeof text === "string" ? text : text()}`);
	};
}
