import Timer from "timer";
import { later } from "../base/timer.js";
import type { ConnectionOwner } from "../link/guards.js";
import { type HttpClient, type HttpNetwork, type HttpRequest, openHttp } from "../link/http.js";
import { doneSoon, type ResumeAt, type RetryRule, type Transfer, type TransferListener } from "./transfer.js";
import type { HttpsUrl } from "./url.js";

/** The largest piece that is read at once: it lies in the chunk heap beside TLS's own buffers. */
const PIECE_BYTES = 2_048;
/** A server that sends nothing for this long has gone. */
const STALL_MS = 30_000;

/** One GET over HTTPS, of a file or of its rest, streamed. Ends with exactly one of onDone and onError, or with close(). */
export class HttpsTransfer implements ConnectionOwner, Transfer {
	readonly connection = 1;
	readonly #listener: TransferListener;
	readonly #range: ResumeAt;
	#client: HttpClient | undefined;
	#timer: Timer | undefined;
	#received = 0;
	#watched = -1;
	#status = 0;
	#over = false;

	constructor(network: HttpNetwork, url: HttpsUrl, range: ResumeAt, listener: TransferListener) {
		this.#listener = listener;
		this.#range = range;
		try {
			this.#client = openHttp(network, url.host, url.port, this);
			this.#request(this.#client, url.path);
			this.#watch();
		} catch (error) {
			// Not before the constructor has returned: the listener may want to use what it returns.
			later(() => this.#fail(String(error), "retry"), 0, listener);
		}
	}

	failed(error: unknown): void {
		this.#fail(String(error), "retry");
	}

	close(): void {
		this.#over = true;
		Timer.clear(this.#timer);
		this.#timer = undefined;
		const client = this.#client;
		this.#client = undefined;
		if (client === undefined) return;
		// Not at once: the client's own code may be running below.
		later(() => client.close(), 0, this.#listener);
	}

	#request(client: HttpClient, path: string): void {
		const enter = (callback: () => void) => {
			if (this.#over) return;
			try {
				callback();
			} catch (error) {
				this.#fail(String(error), "none");
			}
		};
		const download = this;
		client.request({
			method: "GET",
			path,
			...(this.#range.from > 0 && { headers: this.#rangeHeaders() }),
			onHeaders: (status, headers) => enter(() => this.#headers(status, headers)),
			onReadable(count) {
				enter(() => download.#read(this, count));
			},
			onDone: (error) => enter(() => this.#done(error)),
		});
	}

	#rangeHeaders(): Map<string, string> {
		const { from, etag } = this.#range;
		const headers = new Map([["range", `bytes=${from}-`]]);
		// Another file by now: the server then sends the whole of it (RFC 9110, 13.1.5).
		if (etag !== undefined) headers.set("if-range", etag);
		return headers;
	}

	/** A server that ignores the range sends the whole: taken for the rest, it would corrupt the image. */
	#headers(status: number, headers: Map<string, string>): void {
		const { from } = this.#range;
		const etag = headers.get("etag");
		this.#status = status;
		if (status === 200) return this.#listener.onStart(0, etag);
		if (status === 206 && from > 0) {
			const range = headers.get("content-range") ?? "";
			const isSame = this.#range.etag === undefined || etag === undefined || etag === this.#range.etag;
			if (range.startsWith(`bytes ${from}-`) && isSame) return this.#listener.onStart(from, etag);
			return this.#fail(`the server answered with ${isSame ? `range ${range}` : "another file"}`, "none");
		}
		this.#fail(`HTTP status ${status}`, remedyOf(status));
	}

	#read(request: HttpRequest, count: number): void {
		let left = count;
		while (left > 0 && !this.#over) {
			const bytes = request.read(Math.min(left, PIECE_BYTES));
			if (bytes === undefined || bytes.byteLength === 0) return;
			left -= bytes.byteLength;
			this.#received += bytes.byteLength;
			this.#listener.onData(new Uint8Array(bytes));
		}
	}

	#done(error: Error | null | undefined): void {
		if (error) return this.#fail("the answer broke off", "retry");
		if (this.#status === 0) return this.#fail("no answer", "retry");
		this.close();
		this.#timer = doneSoon(this.#listener);
	}

	#watch(): void {
		this.#timer = later(
			() => {
				if (this.#over) return;
				if (this.#received === this.#watched) return this.#fail("the server is silent", "retry");
				this.#watched = this.#received;
				this.#watch();
			},
			STALL_MS,
			this.#listener,
		);
	}

	#fail(reason: string, remedy: RetryRule): void {
		if (this.#over) return;
		this.close();
		this.#listener.onError(reason, remedy);
	}
}

/** S3 answers 403 to a presigned URL that has expired. Any other answer stays what it is, but for 429 and 5xx. */
function remedyOf(status: number): RetryRule {
	if (status === 403) return "renew";
	return status >= 500 || status === 429 ? "retry" : "none";
}
