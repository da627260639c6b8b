import { Machine } from "../machine/machine.js";
import type { ClientNetwork, ClientSocket } from "./client-network.js";
import { type Exchange, HTTPRequest, type RequestOptions, startExchange } from "./http-exchange.js";
import { byteView } from "./receive-buffer.js";
import Timer from "./timer.js";

interface Options extends ClientNetwork {
	onError?: (this: HTTPClient, error?: unknown) => void;
	onClose?: () => void;
}

/** The client keeps so much of the socket's room for the size of a chunk. */
const CHUNK_OVERHEAD_BYTES = 8;

/**
 * `embedded:network/http/client`: one request after the other on one connection, streamed, as the SDK 8.2.3 has it in
 * examples/io/tcp/httpclient/httpclient.js, defects included (host-test/specs/kit/contract/http.ts holds both to the same):
 *
 * - a name that is resolved after `close()` opens a socket, which stays;
 * - 100 Continue is taken for the answer;
 * - a body without a length, which the end of the connection ends, is an error;
 * - a trailer behind the chunks is thrown, be it out of a timer: what TCP's callbacks catch does not help there;
 * - a header without a value, not so much as a space, ends the head;
 * - the end of a request's body in chunks lacks two bytes;
 * - nothing has a time limit, and `onClose` is never called.
 */
export default class HTTPClient {
	readonly #machine = Machine.current;
	readonly #options: Options;
	#waiting: { request: HTTPRequest; options: RequestOptions }[] = [];
	#exchange: Exchange | undefined;
	#socket: ClientSocket | undefined;
	/** The socket has been writable. */
	#isConnected = false;
	#isClosed = false;
	#space = 0;
	#readable = 0;
	#timer: Timer | undefined;

	constructor(options: Options) {
		this.#machine.alive();
		if (!options.host) throw new Error("host required");
		this.#options = options;
		const resolver = new options.dns.io(options.dns);
		resolver.resolve({
			host: options.host,
			onResolved: (host: string, address: string) => {
				try {
					this.#open(host, address);
				} catch (error) {
					this.#failed(error);
				}
			},
			onError: (error: unknown) => this.#failed(error),
		});
	}

	request(options: RequestOptions): HTTPRequest {
		const request = new HTTPRequest(this);
		this.#waiting.push({ request, options: { ...options } });
		if (!this.#isConnected || this.#exchange !== undefined) return request;
		this.#next();
		this.#timer = Timer.set(() => this.#writable(this.#space));
		return request;
	}

	close(): void {
		this.#isClosed = true;
		this.#socket?.close();
		this.#socket = this.#exchange = undefined;
		this.#waiting = [];
		Timer.clear(this.#timer);
	}

	/** Host only: `HTTPRequest.read`. */
	readFor(request: HTTPRequest, wanted: number | ArrayBuffer | ArrayBufferView | undefined) {
		const exchange = this.#current(request);
		if (exchange.state !== "body") return undefined;
		const view = typeof wanted === "object" ? byteView(wanted) : undefined;
		const asked = typeof wanted === "object" ? wanted.byteLength : (wanted ?? this.#readable);
		const count = Math.min(asked, this.#readable, exchange.toRead);
		if (count === 0) return undefined;
		const bytes = this.#take(count);
		exchange.toRead -= count;
		if (exchange.toRead === 0) this.#whole(exchange);
		if (view === undefined) return bytes;
		view.set(new Uint8Array(bytes));
		return count;
	}

	/** Host only: `HTTPRequest.write`. */
	writeFor(request: HTTPRequest, data: ArrayBuffer | ArrayBufferView | undefined): number {
		const exchange = this.#current(request);
		if (exchange.state !== "sendBody" || exchange.toWrite === 0) throw new Error("bad state");
		if (!data) return this.#endChunks(exchange);
		const bytes = byteView(data);
		if (exchange.toWrite === undefined) {
			if (bytes.byteLength + CHUNK_OVERHEAD_BYTES > this.#space) throw new Error("would block");
			this.#send(Buffer.concat([Buffer.from(`${bytes.byteLength.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]));
			return Math.max(0, this.#space - CHUNK_OVERHEAD_BYTES);
		}
		if (bytes.byteLength > Math.min(this.#space, exchange.toWrite)) throw new Error("would block");
		this.#send(bytes);
		exchange.toWrite -= bytes.byteLength;
		if (exchange.toWrite === 0) exchange.state = "head";
		return Math.min(this.#space, exchange.toWrite);
	}

	#current(request: HTTPRequest): Exchange {
		if (this.#exchange === undefined) throw new TypeError("no request");
		if (this.#exchange.request !== request) throw new Error("bad state");
		return this.#exchange;
	}

	#open(host: string, address: string): void {
		const { socket, port = 80 } = this.#options;
		this.#socket = new socket.io({
			...socket,
			host,
			address,
			port,
			onReadable: (count: number) => this.#received(count),
			onWritable: (count: number) => this.#writable(count),
			onError: () => this.#failed(undefined),
		});
	}

	#writable(count: number): void {
		this.#space = count;
		if (this.#isClosed) return;
		if (!this.#isConnected) {
			this.#isConnected = true;
			this.#next();
		}
		const exchange = this.#exchange;
		if (exchange === undefined) return;
		const piece = exchange.unsent.subarray(0, this.#space);
		if (piece.byteLength > 0) this.#send(piece);
		exchange.unsent = exchange.unsent.subarray(piece.byteLength);
		if (exchange.unsent.byteLength > 0) return;
		if (exchange.state === "sendHead") exchange.state = exchange.toWrite === 0 ? "head" : "sendBody";
		else if (exchange.state === "sendBody" && exchange.toWrite === 0) exchange.state = "head";
		if (exchange.state === "sendBody") this.#askForBody(exchange);
	}

	#askForBody({ toWrite, options, request }: Exchange): void {
		const room = toWrite === undefined ? this.#space - CHUNK_OVERHEAD_BYTES : Math.min(this.#space, toWrite);
		if (room > 0 || toWrite !== undefined) options.onWritable?.call(request, room);
	}

	#endChunks(exchange: Exchange): number {
		if (exchange.toWrite !== undefined) throw new Error("bad data");
		exchange.toWrite = 0;
		// The SDK goes on where the line before it has ended, behind two bytes. It goes out when the socket is writable.
		exchange.unsent = Buffer.from("0\r\n\r\n").subarray(2);
		return 0;
	}

	/** As far as the head, the size of a chunk and the trailer go; what is told to the application it reads by itself. */
	#received(count: number): void {
		this.#readable = count;
		while (this.#readable > 0) {
			const exchange = this.#exchange;
			if (exchange === undefined) throw new Error("nobody has asked for it");
			if (exchange.state === "body") return this.#tell(exchange);
			if (exchange.state === "head") this.#head(exchange);
			else if (exchange.state === "chunkSize" || exchange.state === "trailer") this.#chunkLine(exchange);
			else throw new Error(`an answer in the state ${exchange.state}`);
			if (this.#exchange !== exchange) return;
		}
	}

	#tell({ toRead, options, request }: Exchange): void {
		const count = Math.min(this.#readable, toRead);
		if (count > 0) options.onReadable?.call(request, count);
	}

	#head(exchange: Exchange): void {
		const { head, options, request } = exchange;
		const told = head.take(this.#byte());
		if (told === "bad status") {
			this.#failed(new Error("bad response"));
			// The SDK's parser goes on without its socket.
			if (this.#readable > 0) throw new TypeError("no socket");
		}
		if (told !== "done") return;
		const { status, headers, statusText, isChunked, contentLength = Number.POSITIVE_INFINITY } = head;
		const isEmpty = status === 204 || status === 205 || (contentLength === 0 && !isChunked);
		options.onHeaders?.call(request, status, headers, statusText);
		if (this.#exchange !== exchange) return;
		if (isEmpty) return this.#done();
		exchange.state = isChunked ? "chunkSize" : "body";
		exchange.toRead = contentLength;
	}

	#chunkLine(exchange: Exchange): void {
		exchange.line += String.fromCharCode(this.#byte());
		if (!exchange.line.endsWith("\n")) return;
		const line = exchange.line;
		exchange.line = "";
		if (exchange.state === "trailer") {
			if (line !== "\r\n") throw new Error();
			return this.#done();
		}
		if (line === "\r\n") return; // the end of the chunk before
		exchange.toRead = Number.parseInt(line, 16);
		exchange.state = exchange.toRead === 0 ? "trailer" : "body";
	}

	/** The body, or a chunk of it, is read: the application is in its callback, hence the timer. */
	#whole(exchange: Exchange): void {
		if (!exchange.head.isChunked) {
			exchange.state = "read";
			this.#timer = Timer.set(() => this.#done());
			return;
		}
		exchange.state = "chunkSize";
		if (this.#readable > 0) this.#timer = Timer.set(() => this.#received(this.#readable));
	}

	#done(): void {
		this.#timer = undefined;
		const { request, options } = this.#exchange as Exchange;
		(this.#exchange as Exchange).state = "completing";
		options.onDone?.call(request, null);
		this.#next();
		if (this.#exchange !== undefined) this.#writable(this.#space);
	}

	#next(): void {
		const next = this.#waiting.shift();
		this.#exchange = undefined;
		if (next === undefined) return;
		this.#exchange = startExchange(this.#options.host, next.request, next.options);
	}

	/** All that wait are told, then the client's owner; what they throw is swallowed. */
	#failed(error: unknown): void {
		if (this.#exchange?.state === "read") {
			Timer.clear(this.#timer);
			this.#done(); // throws where another request waits: the socket takes nothing any more
		}
		try {
			const open = [...(this.#exchange === undefined ? [] : [this.#exchange]), ...this.#waiting];
			this.#exchange = undefined;
			this.#waiting = [];
			for (const { request, options } of open) options.onDone?.call(request, new Error());
			this.#options.onError?.call(this, error);
		} catch {
			// As in the SDK.
		}
		this.close();
	}

	#byte(): number {
		return new Uint8Array(this.#take(1))[0] as number;
	}

	#take(count: number): ArrayBuffer {
		this.#readable -= count;
		return this.#socket?.read(count) as ArrayBuffer;
	}

	#send(bytes: Uint8Array): void {
		this.#space = (this.#socket as ClientSocket).write(bytes);
	}
}
