/** A text of somebody else for a line of the log or the terminal: without control characters, line ends included. */
export function plainText(text: string): string {
	return text.replace(/\p{C}/gu, "·");
}
