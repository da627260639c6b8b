/**
 * A pattern in which `*` is any text and `?` any character. The texts come from clients: a star that does not fit is never
 * tried again behind the next one, so the time is at most the pattern's length times the text's. A regular expression takes
 * exponentially long.
 */
export class Glob {
	readonly #tokens: readonly string[];

	/** @param pattern may have texts of `literal` in it */
	constructor(pattern: string) {
		this.#tokens = pattern.match(/\0?[\s\S]/g) ?? [];
	}

	test(text: string): boolean {
		const tokens = this.#tokens;
		let at = 0;
		/** Where the last star is, and the text behind what it takes so far. */
		let star = -1;
		let behind = 0;
		for (let index = 0; index < text.length; ) {
			const token = tokens[at];
			if (token === "*") {
				star = at;
				behind = index;
				at += 1;
			} else if (token !== undefined && fits(token, text.charAt(index))) {
				at += 1;
				index += 1;
			} else if (star >= 0) {
				behind += 1; // the last star takes one more
				index = behind;
				at = star + 1;
			} else return false;
		}
		return tokens.slice(at).every((token) => token === "*");
	}
}

/** A text of somebody else in a pattern: its `*` and `?` are no wildcards. U+0000 is in no text of MQTT (clause 1.5.3). */
export function literal(text: string): string {
	return text.replace(/[*?]/g, "\0$&");
}

function fits(token: string, character: string): boolean {
	return token === "?" || token === character || token === `\0${character}`;
}
