/** Columns of a line of prose, in README and in docs/. */
export const COLUMNS = 100;

/** A list item, or with an empty mark a paragraph, broken into lines. */
export function item(text: string, mark = "- "): string {
	const indent = " ".repeat(mark.length);
	const lines = [mark];
	for (const word of text.split(/\s+/)) {
		const line = lines.at(-1) as string;
		const isFirst = line.trim() === mark.trim();
		if (!isFirst && line.length + 1 + word.length > COLUMNS) lines.push(`${indent}${word}`);
		else lines[lines.length - 1] = isFirst ? `${line}${word}` : `${line} ${word}`;
	}
	return lines.join("\n");
}

export function paragraph(text: string): string {
	return item(text, "");
}
