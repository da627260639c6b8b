/**
 * The head of an answer, character by character, as the SDK's client reads it: a line without a colon is the value of the header
 * before it, and a header without a value, not so much as a space, is taken for the empty line.
 */
export class HeadReader {
	readonly headers = new Map<string, string>();
	status = 0;
	statusText = "";
	contentLength: number | undefined;
	isChunked = false;
	readonly #mask: readonly string[] | undefined;
	#line = "";
	#name = "";
	#hasName = false;
	#isStarted = false;

	constructor(mask: readonly string[] | undefined) {
		this.#mask = mask;
	}

	/** @returns "bad status" after a status line without words, "done" after the empty line */
	take(character: number): "bad status" | "done" | undefined {
		if (character === 0x3a && this.#isStarted && !this.#hasName) {
			this.#name = this.#line.toLowerCase();
			this.#hasName = true;
			this.#line = "";
			return undefined;
		}
		this.#line += String.fromCharCode(character);
		if (!this.#line.endsWith("\r\n")) return undefined;
		const line = this.#line;
		this.#line = "";
		this.#hasName = false;
		if (!this.#isStarted) return this.#statusLine(line);
		if (line === "\r\n") return "done";
		this.#header(line.trim());
		return undefined;
	}

	#statusLine(line: string): "bad status" | undefined {
		const [, status, ...words] = line.split(" ");
		this.#isStarted = true;
		this.status = Number.parseInt(status ?? "", 10);
		this.statusText = words.join(" ");
		return words.length === 0 ? "bad status" : undefined;
	}

	#header(value: string): void {
		const name = this.#name;
		if (this.#mask?.includes(name) !== false) this.headers.set(name, value);
		if (name === "content-length") this.contentLength = Number.parseInt(value, 10);
		if (name === "transfer-encoding" && value.toLowerCase() === "chunked") this.isChunked = true;
	}
}
