import { call, openSocket, register, type Socket, type Sockets, showCredentials, unregister } from "./host.js";
import { Event, Op } from "./protocol.js";

interface RequestOptions {
	method: string;
	path: string;
	headers?: Map<string, string>;
	onHeaders(status: number, headers: Map<string, string>): void;
	onWritable?(this: HTTPClient, count: number): void;
	onReadable(this: HTTPClient, count: number): void;
	onDone(error: Error | null): void;
}

interface Options {
	host: string;
	port: number;
	onError: () => void;
	socket: Sockets;
}

/** The host's HTTP client, from the machine's side: one request at a time. It holds what the SDK's holds. */
export default class HTTPClient {
	readonly #id: number;
	readonly #onError: () => void;
	#request: RequestOptions | undefined;
	#socket: Socket | undefined;

	constructor({ host, port, onError, socket }: Options) {
		this.#onError = onError;
		this.#socket = openSocket(socket, host, port);
		this.#id = register(this);
		const isMutual = showCredentials(this.#id, socket.secure);
		call(Op.httpOpen, this.#id, port, JSON.stringify({ host, isMutual }));
	}

	request(options: RequestOptions): this {
		this.#request = { ...options };
		const { method, path, headers = new Map() } = options;
		call(Op.httpRequest, this.#id, 0, JSON.stringify({ method, path, headers: [...headers] }));
		return this;
	}

	read(into: Uint8Array): number | undefined {
		return call(Op.httpRead, this.#id, 0, "", into) as number | undefined;
	}

	write(data: Uint8Array): void {
		call(Op.httpWrite, this.#id, 0, "", data);
	}

	close(): void {
		this.#request = undefined;
		this.#socket?.close();
		this.#socket = undefined;
		unregister(this.#id);
		call(Op.httpClose, this.#id);
	}

	event(event: number, number: number, text: string): void {
		const request = this.#request;
		if (event === Event.httpError) return this.#onError();
		if (request === undefined) return;
		if (event === Event.httpHeaders) request.onHeaders.call(this, number, new Map(JSON.parse(text)));
		else if (event === Event.httpWritable) request.onWritable?.call(this, number);
		else if (event === Event.httpReadable) request.onReadable.call(this, number);
		else {
			this.#request = undefined;
			request.onDone.call(this, text === "" ? null : new Error(text));
		}
	}
}
