import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { Machine } from "../machine/machine.js";
import { ReceiveBuffer, readInto } from "./receive-buffer.js";
import { SocketStream, type StreamedSocket } from "./socket-stream.js";

interface Options {
	host: string;
	port?: number;
	dns: { io: new (options: object) => { resolve(options: object): void } };
	socket: { io: new (options: object) => StreamedSocket };
	onError?: (error?: unknown) => void;
	onClose?: () => void;
}

interface RequestOptions {
	method?: string;
	path?: string;
	headers?: Map<string, string>;
	onHeaders?: (status: number, headers: Map<string, string>) => void;
	onReadable?: (count: number) => void;
	/** With a content-length: called until the body is written. */
	onWritable?: (count: number) => void;
	onDone?: (error: Error | null) => void;
}

const BODY_PIECE_BYTES = 64;

/**
 * `embedded:network/http/client`: one request after the other on one connection, streamed. As in the SDK (httpclient.js,
 * `onResolved`), a name that is resolved after `close()` opens a socket, which stays.
 */
export default class HTTPClient {
	readonly #machine = Machine.current;
	readonly #options: Options;
	readonly #requests: HTTPRequest[] = [];
	#stream: SocketStream | undefined;
	#closed = false;

	constructor(options: Options) {
		this.#machine.alive();
		this.#options = options;
		const resolver = new options.dns.io(options.dns);
		resolver.resolve({
			host: options.host,
			onResolved: (host: string, address: string) => this.#open(host, address),
			onError: () => this.#failed(),
		});
	}

	request(options: RequestOptions): HTTPRequest {
		const request = new HTTPRequest(this.#machine, options, () => this.#finished());
		this.#requests.push(request);
		if (this.#requests.length === 1 && this.#stream !== undefined) request.start(this.#options.host, this.#stream);
		return request;
	}

	close(): void {
		this.#closed = true;
		for (const request of this.#requests) request.abort();
		this.#stream?.destroy();
	}

	#open(host: string, address: string): void {
		const { socket, port = 80 } = this.#options;
		this.#stream = new SocketStream((callbacks) => new socket.io({ ...socket, host, address, port, ...callbacks }));
		this.#stream.on("error", () => this.#failed());
		this.#requests[0]?.start(this.#options.host, this.#stream);
	}

	#finished(): void {
		this.#requests.shift();
		if (this.#stream !== undefined) this.#requests[0]?.start(this.#options.host, this.#stream);
	}

	#failed(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#machine.enter(() => this.#options.onError?.call(this));
	}
}

class HTTPRequest {
	readonly #machine: Machine;
	readonly #options: RequestOptions;
	readonly #onFinished: () => void;
	#request: ClientRequest | undefined;
	readonly #received = new ReceiveBuffer();
	#over = false;
	#unwritten = 0;

	constructor(machine: Machine, options: RequestOptions, onFinished: () => void) {
		this.#machine = machine;
		this.#options = options;
		this.#onFinished = onFinished;
	}

	/** Host only. */
	start(host: string, stream: SocketStream): void {
		const { method = "GET", path = "/", headers = new Map() } = this.#options;
		const fields = { host, connection: "keep-alive", ...Object.fromEntries(headers) };
		this.#request = httpRequest({ createConnection: () => stream, method, path, headers: fields });
		this.#request.on("response", (response) => this.#response(response));
		this.#request.on("error", (error) => this.#done(error));
		this.#unwritten = Number(headers.get("content-length") ?? 0);
		if (this.#unwritten === 0) this.#request.end();
		else this.#askForBody();
	}

	write(data: ArrayBuffer | Uint8Array): void {
		const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
		if (bytes.byteLength > this.#unwritten) throw new Error("overflow");
		this.#unwritten -= bytes.byteLength;
		this.#request?.write(Uint8Array.from(bytes));
		if (this.#unwritten === 0) this.#request?.end();
		else this.#askForBody();
	}

	/** Asks for small pieces, to find out an application that writes more than it was asked for. */
	#askForBody(): void {
		setImmediate(() =>
			this.#enter(() => this.#options.onWritable?.call(this, Math.min(this.#unwritten, BODY_PIECE_BYTES))),
		);
	}

	/** Host only. */
	abort(): void {
		this.#over = true;
		this.#request?.destroy();
	}

	read(count?: number): ArrayBuffer | undefined;
	read(into: Uint8Array): number | undefined;
	read(count?: number | Uint8Array): ArrayBuffer | number | undefined {
		return readInto(count, (byteLength) => this.#received.read(byteLength));
	}

	#response(response: IncomingMessage): void {
		const headers = new Map(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
		this.#enter(() => this.#options.onHeaders?.call(this, response.statusCode ?? 0, headers));
		response.on("data", (chunk: Buffer) => {
			this.#received.push(chunk);
			this.#enter(() => this.#options.onReadable?.call(this, this.#received.byteLength));
		});
		response.on("end", () => this.#done(null));
		response.on("error", (error) => this.#done(error));
	}

	#done(error: Error | null): void {
		if (this.#over) return;
		this.#enter(() => this.#options.onDone?.call(this, error));
		this.#over = true;
		this.#onFinished();
	}

	#enter(callback: () => void): void {
		if (!this.#over) this.#machine.enter(callback);
	}
}
