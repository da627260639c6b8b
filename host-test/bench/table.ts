/** Prints a line. */
export function say(text = ""): void {
	process.stdout.write(`${text}\n`);
}

/** Prints a table while it is measured, row by row. A column is as wide as its title, and at least `MIN_WIDTH`. */
export class Table {
	readonly #widths: readonly number[];

	constructor(...titles: readonly string[]) {
		this.#widths = titles.map(({ length }) => Math.max(length, MIN_WIDTH));
		this.row(...titles);
	}

	row(...cells: readonly string[]): void {
		say(`  ${cells.map((cell, i) => cell.padStart(this.#widths[i] ?? 0)).join("  ")}`);
	}
}

const MIN_WIDTH = 9;
