import Timer from "timer";
import type { JobsRequest, Link } from "../agent/request.js";
import { Backoff } from "../base/backoff.js";
import { LogLevel } from "../base/log.js";
import { later } from "../base/timer.js";
import type { ErrorCode } from "../protocol/messages.js";
import { BACKOFF_BASE_MS, BACKOFF_CAP_MS, DEFAULT_MESSAGE_BYTES, DEFAULT_START_JITTER_MS } from "./defaults.js";
import type { ConnectionOwner } from "./guards.js";
import { type HttpClient, type HttpNetwork, type HttpRequest, openHttp } from "./http.js";
import { callOf, codeOf } from "./https-calls.js";
import type { JoinNetwork } from "./join.js";

export interface HttpsLinkOptions {
	/** With the device's certificate in `tls.secure`. */
	readonly network: HttpNetwork;
	/** The endpoint that `aws iot describe-endpoint --endpoint-type iot:Jobs` names. */
	readonly host: string;
	readonly port: number;
	readonly thingName: string;
	readonly messageBytes?: number | undefined;
	readonly startJitterMs?: number | undefined;
	readonly join?: JoinNetwork | undefined;
	/** Between two polls, unless the application sleeps: default 300,000 ms. */
	readonly pollMs?: number | undefined;
	/** The service has nothing to do, and all is reported: the device may sleep. */
	readonly onIdle?: (() => void) | undefined;
}

/** Whom the data plane serves. */
export interface DataPlaneHost {
	online(link: Link): void;
	offline(): void;
	/** @param payload JSON; undefined when the answer was larger than the buffer */
	answer(accepted: boolean, payload: string | undefined): void;
	log(text: string, level?: LogLevel): void;
}

const DEFAULT_POLL_MS = 300_000;
/** How long a connection waits for the next request: a handler may need the memory. */
const LINGER_MS = 1_000;

/**
 * The Jobs service over HTTPS, for devices that sleep: a request when there is one to make, a connection as long as requests
 * follow each other, and a poll from time to time in place of a notification.
 */
export class HttpsLink implements Link, ConnectionOwner {
	readonly notifies = false;
	readonly messageBytes = 0;
	connection = 0;
	readonly #host: DataPlaneHost;
	readonly #options: HttpsLinkOptions;
	readonly #buffer: Uint8Array;
	readonly #backoff = new Backoff(BACKOFF_BASE_MS, BACKOFF_CAP_MS);
	#client: HttpClient | undefined;
	/** Waits to poll, to try again, or to close. */
	#timer: Timer | undefined;
	#online = false;
	/** The last request was answered whole: the connection can take another one. */
	#free = false;
	#status = 0;
	#errorType = "";
	#received = 0;

	constructor(host: DataPlaneHost, options: HttpsLinkOptions) {
		this.#host = host;
		this.#options = options;
		this.#buffer = new Uint8Array(options.messageBytes ?? DEFAULT_MESSAGE_BYTES);
	}

	start(): void {
		const { startJitterMs = DEFAULT_START_JITTER_MS, join } = this.#options;
		const poll = () => this.#pollIn(Math.floor(Math.random() * (startJitterMs + 1)));
		if (join === undefined) poll();
		else join(poll);
	}

	/** One at a time: what was asked before and not answered is given up. */
	send(asked: JobsRequest): boolean {
		this.#setTimer(undefined, 0);
		if (!this.#free) this.#closeClient();
		try {
			this.#client ??= this.#open();
			this.#request(asked, this.#client);
		} catch (error) {
			this.#failed(String(error));
		}
		return true;
	}

	/** Nothing but requests goes over HTTPS. */
	publish(): boolean {
		return false;
	}

	alive(): void {
		this.#backoff.reset();
	}

	reconnect(reason: string): void {
		this.#host.log(`connection given up: ${reason}`, LogLevel.error);
		this.#rest();
		const delay = this.#backoff.next();
		this.#host.log(`trying again in ${delay} ms`);
		this.#pollIn(delay);
	}

	idle(): void {
		if (!this.#online) return;
		const { pollMs = DEFAULT_POLL_MS, onIdle } = this.#options;
		this.#rest();
		this.#pollIn(pollMs);
		onIdle?.();
	}

	close(): void {
		this.#rest();
	}

	failed(error: unknown, connection: number): void {
		if (connection === this.connection && this.#client !== undefined) this.#failed(String(error));
	}

	#pollIn(milliseconds: number): void {
		this.#setTimer(() => {
			this.#online = true;
			this.#host.online(this);
		}, milliseconds);
	}

	#open(): HttpClient {
		const { network, host, port } = this.#options;
		this.connection += 1;
		return openHttp(network, host, port, this);
	}

	#request(asked: JobsRequest, client: HttpClient): void {
		const { method, path, body } = callOf(this.#options.thingName, asked);
		const bytes = body === undefined ? undefined : new Uint8Array(ArrayBuffer.fromString(body));
		let sent = 0;
		this.#status = this.#received = 0;
		this.#errorType = "";
		this.#free = false;
		const { connection } = this;
		const enter = (callback: () => void) => this.#enter(connection, callback);
		const read = (request: HttpRequest, count: number) => this.#read(request, count);
		client.request({
			method,
			path,
			...(bytes !== undefined && { headers: headersFor(bytes) }),
			onHeaders: (status, headers) =>
				enter(() => {
					this.#status = status;
					this.#errorType = headers.get("x-amzn-errortype") ?? "";
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
			onDone: (error) => enter(() => (error ? this.#failed("the answer broke off") : this.#done())),
		});
	}

	#read(request: HttpRequest, count: number): void {
		const bytes = request.read(count);
		if (bytes === undefined) return;
		const end = this.#received + bytes.byteLength;
		if (end <= this.#buffer.byteLength) this.#buffer.set(new Uint8Array(bytes), this.#received);
		this.#received = end;
	}

	#done(): void {
		const fits = this.#received <= this.#buffer.byteLength;
		const text = fits ? String.fromArrayBuffer(this.#buffer.buffer, 0, this.#received) : undefined;
		const status = this.#status;
		this.#free = true;
		this.#setTimer(() => this.#closeClient(), LINGER_MS);
		if (status === 200) return this.#host.answer(true, text);
		const code: ErrorCode | undefined = codeOf(status, this.#errorType);
		this.#host.answer(false, JSON.stringify({ code, message: `${status} ${this.#errorType} ${text ?? ""}` }));
	}

	/** The request's time limit sends it again, over a new connection. */
	#failed(reason: string): void {
		this.#host.log(`the request failed: ${reason}`, LogLevel.error);
		this.#closeClient();
	}

	/** What the client calls must not throw, and is not heard when the client was given up. */
	#enter(connection: number, callback: () => void): void {
		if (connection !== this.connection || this.#client === undefined) return;
		try {
			callback();
		} catch (error) {
			this.#failed(String(error));
		}
	}

	/** Not at once: the client's own code may be running below. */
	#closeClient(): void {
		const client = this.#client;
		this.#client = undefined;
		if (client !== undefined) later(() => client.close(), 0, this.#host);
	}

	#rest(): void {
		this.#setTimer(undefined, 0);
		this.#closeClient();
		if (!this.#online) return;
		this.#online = false;
		this.#host.offline();
	}

	#setTimer(callback: (() => void) | undefined, milliseconds: number): void {
		Timer.clear(this.#timer);
		this.#timer = callback && later(callback, milliseconds, this.#host);
	}
}

function headersFor(body: Uint8Array): Map<string, string> {
	return new Map([
		["content-type", "application/json"],
		["content-length", String(body.byteLength)],
	]);
}
