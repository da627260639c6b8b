import { HeadReader } from "./http-head.js";

export interface RequestOptions {
	method?: string;
	path?: string;
	headers?: Map<string, string>;
	/** The headers that `onHeaders` wants, in small letters. */
	headersMask?: readonly string[];
	onHeaders?: (this: HTTPRequest, status: number, headers: Map<string, string>, statusText: string) => void;
	onReadable?: (this: HTTPRequest, count: number) => void;
	/** With a content-length, or in chunks: called until the body is written. */
	onWritable?: (this: HTTPRequest, count: number) => void;
	onDone?: (this: HTTPRequest, error: Error | null) => void;
}

/** What the client does for a request. */
type State = "sendHead" | "sendBody" | "head" | "body" | "chunkSize" | "trailer" | "read" | "completing";

/** One request, from its line to `onDone`. */
export interface Exchange {
	readonly request: HTTPRequest;
	readonly options: RequestOptions;
	state: State;
	/** Of the head, or the end of a body in chunks: what is not sent yet. */
	unsent: Uint8Array;
	/** Bytes of the body that write() has to give; undefined in chunks. */
	toWrite: number | undefined;
	readonly head: HeadReader;
	/** Bytes of the answer's body, or of its chunk, that are to be read. */
	toRead: number;
	/** The line of a chunk's size, or of the trailer. */
	line: string;
}

/** The client, for its requests. */
interface Exchanger {
	readFor(request: HTTPRequest, wanted?: number | ArrayBuffer | ArrayBufferView): ArrayBuffer | number | undefined;
	writeFor(request: HTTPRequest, data?: ArrayBuffer | ArrayBufferView): number;
}

/** What the callbacks of a request are called on. */
export class HTTPRequest {
	readonly #client: Exchanger;

	constructor(client: Exchanger) {
		this.#client = client;
	}

	/** @returns a buffer, or how many bytes have been put into the view */
	read(wanted?: number | ArrayBuffer | ArrayBufferView): ArrayBuffer | number | undefined {
		return this.#client.readFor(this, wanted);
	}

	/** @returns how much may be written next. Without data: the end of a body in chunks */
	write(data?: ArrayBuffer | ArrayBufferView): number {
		return this.#client.writeFor(this, data);
	}
}

/** The request's line and headers, which say how long its body is. */
export function startExchange(host: string, request: HTTPRequest, options: RequestOptions): Exchange {
	const { method = "GET", path, headers = new Map<string, string>(), headersMask } = options;
	let toWrite: number | undefined = 0;
	let text = `${method} ${path || "/"} HTTP/1.1\r\nhost: ${host}\r\n`;
	for (const [name, value] of headers) {
		text += `${name}: ${value}\r\n`;
		if (name.toLowerCase() === "content-length") toWrite = Number.parseInt(value, 10);
		else if (name.toLowerCase() === "transfer-encoding" && value.toLowerCase() === "chunked") toWrite = undefined;
	}
	const unsent = Buffer.from(`${text}\r\n`);
	const head = new HeadReader(headersMask);
	return { request, options, state: "sendHead", unsent, toWrite, head, toRead: 0, line: "" };
}
