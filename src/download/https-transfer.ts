import Timer from "timer";
import { later } from "../base/timer.js";
import type { ConnectionOwner } from "../link/guards.js";
import { type HttpClient, type HttpNetwork, type HttpRequest, openHttp } from "../link/http.js";
import type { ResumeAt, RetryRule, Transfer, TransferListener } from "./transfer.js";
import type { HttpsUrl } from "./url.js";

/** A server that sends nothing for this long is gone. */
const STALL_MS = 30_000;

/** Fetches a file, or the rest of one, by a single GET over HTTPS: streamed, never held whole in memory. */
export class HttpsTransfer implements ConnectionOwner, Transfer {
	/** There is only one: it is another number once it is given up. */
	connection = 0;
	private readonly network: () => HttpNetwork;
	private readonly url: HttpsUrl;
	private readonly range: ResumeAt;
	private readonly listener: TransferListener;
	private client: HttpClient | undefined;
	private timer: Timer | undefined;
	private received = 0;
	/** What `received` was when the server was looked after last. */
	private watched = -1;
	private status = 0;
	private isOver = false;

	constructor(network: () => HttpNetwork, url: HttpsUrl, range: ResumeAt, listener: TransferListener) {
		this.network = network;
		this.url = url;
		this.range = range;
		this.listener = listener;
	}

	start(): void {
		const { network, url } = this;
		const classes = network();
		try {
			this.client = openHttp(classes, url.host, url.port, this);
			this.request(this.client, url.path);
			this.watch();
		} catch (error) {
			this.failed(error);
		}
	}

	close(): void {
		this.isOver = true;
		this.connection = 1;
		Timer.clear(this.timer);
		const { client } = this;
		this.client = this.timer = undefined;
		// Not at once: the client's own code may be running below.
		if (client !== undefined) later(client, client.close, 0, this.listener);
	}

	/** The connection is lost, or the SDK threw. */
	failed(error: unknown): void {
		this.fail(String(error), "retry");
	}

	private request(client: HttpClient, path: string): void {
		const headers = this.range.from > 0 && { headers: this.rangeHeaders() };
		const request = client.request({ method: "GET", path, ...headers, onHeaders, onReadable, onDone });
		(request as OwnedRequest).transfer = this;
	}

	/** For all that the client calls. @param method of this transfer */
	enter<A, B>(method: (a: A, b: B) => void, a: A, b?: B): void {
		if (this.isOver) return;
		try {
			method.call(this, a, b as B);
		} catch (error) {
			this.fail(String(error), "none");
		}
	}

	private rangeHeaders(): Map<string, string> {
		const { from, etag } = this.range;
		const headers = new Map([["range", `bytes=${from}-`]]);
		// If the file is another one by now, the server sends the whole of it (RFC 9110, section 13.1.5).
		if (etag !== undefined) headers.set("if-range", etag);
		return headers;
	}

	/** A server that ignores the range sends the whole file: taken for the rest of it, it would corrupt the image. */
	begin(status: number, headers: Map<string, string>): void {
		const { from, etag: expected } = this.range;
		const etag = headers.get("etag");
		this.status = status;
		if (status === 200) return this.listener.onStart(0, etag);
		if (status !== 206 || from === 0) return this.fail(`HTTP status ${status}`, ruleFor(status));
		const range = headers.get("content-range") ?? "";
		const isSame = expected === undefined || etag === undefined || etag === expected;
		if (range.startsWith(`bytes ${from}-`) && isSame) return this.listener.onStart(from, etag);
		this.fail(`the server answered with ${isSame ? `range ${range}` : "another file"}`, "none");
	}

	read(request: HttpRequest, count: number): void {
		const { listener } = this;
		let left = count;
		while (left > 0 && !this.isOver) {
			const bytes = request.read(listener.room);
			if (!bytes) return;
			left -= bytes;
			this.received += bytes;
			listener.onFilled(bytes);
		}
	}

	end(error: Error | null | undefined): void {
		if (error) return this.fail("the answer broke off", "retry");
		if (this.status === 0) return this.fail("no answer", "retry");
		this.close();
		this.listener.onDone();
	}

	private watch(): void {
		this.timer = later(this, this.look, STALL_MS, this.listener);
	}

	private look(): void {
		if (this.received === this.watched) return this.fail("the server is silent", "retry");
		this.watched = this.received;
		this.watch();
	}

	private fail(error: string, rule: RetryRule): void {
		if (this.isOver) return;
		this.close();
		this.listener.onError(error, rule);
	}
}

/** What the client calls, with the request as `this`: which transfer it is of hangs there, in place of a closure for each. */
interface OwnedRequest extends HttpRequest {
	transfer: HttpsTransfer;
}

function onHeaders(this: HttpRequest, status: number, headers: Map<string, string>): void {
	const { transfer } = this as OwnedRequest;
	transfer.enter(transfer.begin, status, headers);
}

function onReadable(this: HttpRequest, count: number): void {
	const { transfer } = this as OwnedRequest;
	transfer.enter(transfer.read, this, count);
}

function onDone(this: HttpRequest, error: Error | null | undefined): void {
	const { transfer } = this as OwnedRequest;
	transfer.enter(transfer.end, error);
}

/** S3 answers 403 to a presigned URL that has expired. Other answers last, but for 429 and 5xx. */
function ruleFor(status: number): RetryRule {
	if (status === 403) return "renew";
	return status >= 500 || status === 429 ? "retry" : "none";
}
