import Timer from "timer";
import { later } from "../platform/later.js";
import type { Provider, ResolverClass, SocketClass } from "./ecma419.js";
import { type Guarded, guardedResolver, guardedSocket } from "./guards.js";
import type { HttpsUrl } from "./url.js";

/** What is needed of the ECMA-419 HTTP client. */
export interface HttpClient {
	request(options: {
		method: string;
		path: string;
		headers?: Map<string, string>;
		onHeaders(status: number, headers: Map<string, string>): void;
		onWritable?(this: HttpRequest, count: number): void;
		onReadable(this: HttpRequest, count: number): void;
		onDone(error: Error | null | undefined): void;
	}): unknown;
	close(): void;
}

export interface HttpRequest {
	read(byteLength: number): ArrayBuffer | undefined;
	/** A piece of the body, of the length that the header says. */
	write(data: Uint8Array): void;
}

export interface HttpNetwork {
	readonly http: Provider<new (options: Record<string, unknown>) => HttpClient>;
	readonly dns: Provider<ResolverClass>;
	/** With the CA of the image's server in `secure`. */
	readonly tls: Provider<SocketClass>;
	readonly tcp: Provider<SocketClass>;
}

export interface DownloadListener {
	/** The next bytes, in order. What this throws ends the download, and goes to `onError`. */
	onData(bytes: ArrayBuffer): void;
	/** The whole body has come. */
	onDone(): void;
	/** @param retry whether another try may go better */
	onError(reason: string, retry: boolean): void;
	log(text: string): void;
}

/** The largest piece that is read at once: it lies in the chunk heap beside TLS's own buffers. */
const PIECE_BYTES = 2_048;
/** A server that sends nothing for this long has gone. */
const STALL_MS = 30_000;

/** One GET over HTTPS, streamed. Ends with exactly one of onDone and onError, or with close(). */
export class Download implements Guarded {
	readonly connection = 1;
	readonly #listener: DownloadListener;
	#client: HttpClient | undefined;
	#timer: Timer | undefined;
	#received = 0;
	#watched = -1;
	#status = 0;
	#over = false;

	constructor(network: HttpNetwork, url: HttpsUrl, listener: DownloadListener) {
		this.#listener = listener;
		const failed = () => this.#fail("the connection failed", true);
		try {
			this.#client = new network.http.io({
				...network.http,
				host: url.host,
				port: url.port,
				dns: { ...network.dns, io: guardedResolver(network.dns.io, this) },
				socket: { ...network.tls, TCP: { ...network.tcp, io: guardedSocket(network.tcp.io, this) } },
				onError: failed,
				onClose: failed,
			});
			this.#request(this.#client, url.path);
			this.#watch();
		} catch (error) {
			// Not before the constructor has returned: the listener may want to use what it returns.
			later(() => this.#fail(String(error), true), 0, listener);
		}
	}

	thrown(error: unknown): void {
		this.#fail(String(error), true);
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
				this.#fail(String(error), false);
			}
		};
		const download = this;
		client.request({
			method: "GET",
			path,
			onHeaders: (status) => enter(() => this.#headers(status)),
			onReadable(count) {
				enter(() => download.#read(this, count));
			},
			onDone: (error) => enter(() => this.#done(error)),
		});
	}

	#headers(status: number): void {
		this.#status = status;
		// 5xx and 429 pass; any other answer stays what it is.
		if (status !== 200) this.#fail(`HTTP status ${status}`, status >= 500 || status === 429);
	}

	#read(request: HttpRequest, count: number): void {
		let left = count;
		while (left > 0 && !this.#over) {
			const bytes = request.read(Math.min(left, PIECE_BYTES));
			if (bytes === undefined || bytes.byteLength === 0) return;
			left -= bytes.byteLength;
			this.#received += bytes.byteLength;
			this.#listener.onData(bytes);
		}
	}

	#done(error: Error | null | undefined): void {
		if (error) return this.#fail("the answer broke off", true);
		if (this.#status !== 200) return this.#fail("no answer", true);
		this.close();
		this.#listener.onDone();
	}

	#watch(): void {
		this.#timer = later(
			() => {
				if (this.#over) return;
				if (this.#received === this.#watched) return this.#fail("the server is silent", true);
				this.#watched = this.#received;
				this.#watch();
			},
			STALL_MS,
			this.#listener,
		);
	}

	#fail(reason: string, retry: boolean): void {
		if (this.#over) return;
		this.close();
		this.#listener.onError(reason, retry);
	}
}
