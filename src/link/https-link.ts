import type { JobsRequest, Link, LinkHost } from "../agent/link.js";
import { LogLevel } from "../base/log.js";
import { later } from "../base/timer.js";
import { Dialer } from "./dialer.js";
import { type HttpClient, type HttpRequest, openHttp } from "./http.js";
import { callOf, codeOf } from "./https-calls.js";
import { DEFAULT_MESSAGE_BYTES, DEFAULT_POLL_MS, type HttpsLinkOptions } from "./link-options.js";

/** How long a connection waits for the next request: a handler may need the memory. */
const LINGER_MS = 1_000;

/**
 * The Jobs service over HTTPS, for devices that sleep: a connection only as long as requests follow each other, and a poll
 * from time to time in place of a notification.
 */
export class HttpsLink extends Dialer<HttpsLinkOptions> implements Link {
	readonly notifies = false;
	readonly messageBytes = 0;
	private readonly buffer: Uint8Array;
	private client: HttpClient | undefined;
	/** Of the answer that is coming. */
	private status = 0;
	private errorType = "";
	private received = 0;

	constructor(host: LinkHost, options: HttpsLinkOptions) {
		super(host, options);
		this.buffer = new Uint8Array(options.messageBytes ?? DEFAULT_MESSAGE_BYTES);
	}

	/** One at a time: what was asked before and not answered is given up. */
	send(asked: JobsRequest): boolean {
		const { network, host, port } = this.options;
		this.stopTimer();
		if (this.state === "asking") this.dropClient();
		this.state = "asking";
		try {
			this.client ??= openHttp(network(), host, port, this);
			this.request(asked, this.client);
		} catch (error) {
			this.fail(String(error));
		}
		return true;
	}

	/** Nothing but requests goes over HTTPS. */
	publish(): boolean {
		return false;
	}

	idle(): void {
		if (!this.isOnline) return;
		const { pollMs = DEFAULT_POLL_MS, onIdle } = this.options;
		this.hangUp("waiting");
		this.connectIn(pollMs);
		onIdle?.();
	}

	/** The engine asks; the first request opens the connection. */
	protected connect(): void {
		this.state = "online";
		this.host.online(this);
	}

	/** The request's time limit sends it again, over a new connection. */
	protected fail(reason: string): void {
		this.host.log(`the request failed: ${reason}`, LogLevel.error);
		this.state = "online";
		this.dropClient();
	}

	/** From a timer: the client's own code may be running below. */
	protected closeClient(): void {
		const { client } = this;
		this.client = undefined;
		if (client !== undefined) later(client, client.close, 0, this.host);
	}

	private request(asked: JobsRequest, client: HttpClient): void {
		const { method, path, body } = callOf(this.options.thingName, asked);
		const bytes = body === undefined ? undefined : new Uint8Array(ArrayBuffer.fromString(body));
		let sent = 0;
		this.status = this.received = 0;
		this.errorType = "";
		const { connection } = this;
		const enter = (callback: () => void) => this.enter(connection, callback);
		const read = (request: HttpRequest, count: number) => this.read(request, count);
		client.request({
			method,
			path,
			...(bytes !== undefined && { headers: headersFor(bytes) }),
			onHeaders: (status, headers) =>
				enter(() => {
					this.status = status;
					this.errorType = headers.get("x-amzn-errortype") ?? "";
				}),
			onWritable(count) {
				enter(() => {
					if (bytes === undefined) return;
					const piece = bytes.subarray(sent, sent + count);
					sent += piece.byteLength;
					this.write(piece);
				});
			},
			onReadable(count) {
				enter(() => read(this, count));
			},
			onDone: (error) => enter(() => (error ? this.fail("the answer broke off") : this.done())),
		});
	}

	private read(request: HttpRequest, count: number): void {
		const { buffer } = this;
		const end = this.received + count;
		while (this.received < end) {
			// What does not fit is read over what has come: it is counted alone.
			const bytes = request.read(end <= buffer.byteLength ? buffer.subarray(this.received) : buffer);
			if (!bytes) return;
			this.received += bytes;
		}
	}

	private done(): void {
		const { status, errorType, received, buffer } = this;
		const text = received <= buffer.byteLength ? String.fromArrayBuffer(buffer.buffer, 0, received) : undefined;
		this.state = "online";
		this.after(LINGER_MS, this.dropClient);
		if (status === 200) return this.host.answer(true, text);
		const code = codeOf(status, errorType);
		this.host.answer(false, JSON.stringify({ code, message: `${status} ${errorType} ${text ?? ""}` }));
	}
}

function headersFor(body: Uint8Array): Map<string, string> {
	return new Map([
		["content-type", "application/json"],
		["content-length", String(body.byteLength)],
	]);
}
