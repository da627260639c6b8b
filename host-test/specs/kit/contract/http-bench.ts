import { Wire } from "./wire.js";

/** `embedded:network/http/client`, as far as the cases use it. */
export type HttpClientClass = new (options: object) => HttpClient;

export interface HttpClient {
	request(options?: object): HttpRequest;
	close(): void;
}

export interface HttpRequest {
	read(wanted?: number | ArrayBufferView): unknown;
	write(data?: unknown): number;
}

export const OK = "HTTP/1.1 200 OK\r\n";
export const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;
export const textOf = (bytes: unknown) => Buffer.from(bytes as ArrayBuffer).toString();

export const DONE = ["done", null, "one"];
export const FAILED = ["done", true, "one"];
export const ERROR = ["error", undefined];

export type HttpBench = ReturnType<typeof makeHttpBench>;

/** A client on a wire of the test's. */
export function makeHttpBench(Client: HttpClientClass) {
	let wire = new Wire();
	let client: HttpClient;
	let request: HttpRequest;

	function make(options: object = {}): HttpClient {
		const onError = (...args: unknown[]) => wire.log.push(["error", ...args]);
		client = wire.do(() => new Client({ host: "server", ...wire.network, onError, ...options }));
		return client;
	}

	/** Counts, order and `this` of the callbacks go into the log, with the name; unless the test has its own. */
	function ask(options: object = {}, name = "one"): HttpRequest {
		const { log } = wire;
		let asked: HttpRequest | undefined;
		const is = (self: unknown) => (self === asked ? name : "another");
		asked = wire.do(() =>
			client.request({
				onHeaders(this: unknown, status: number, headers: Map<string, string>, text: string) {
					log.push(["headers", status, Object.fromEntries(headers), text, is(this)]);
				},
				onReadable(this: unknown, count: number) {
					log.push(["readable", count, is(this)]);
				},
				onWritable(this: unknown, count: number) {
					log.push(["writable", count, is(this)]);
				},
				onDone(this: unknown, error: unknown) {
					log.push(["done", error === null ? null : error instanceof Error, is(this)]);
				},
				...options,
			}),
		);
		request = asked;
		return asked;
	}

	/** A request that is on its way, with an empty log. */
	function asked(options?: object): HttpRequest {
		make();
		ask(options);
		wire.resolve();
		wire.writable();
		wire.taken();
		return request;
	}

	const read = (wanted?: number | ArrayBufferView, from = request) => wire.do(() => from.read(wanted));
	const write = (data?: unknown) => wire.do(() => request.write(data));
	/** Reads what comes. */
	const reading = {
		onReadable(this: HttpRequest, count: number) {
			wire.log.push(textOf(this.read(count)));
		},
	};
	/** The log without the headers. */
	const later = () => wire.log.filter((entry) => (entry as unknown[])[0] !== "headers");

	return {
		get wire() {
			return wire;
		},
		get client() {
			return client;
		},
		/** A machine that nothing has happened to. */
		renew() {
			wire = new Wire();
		},
		make,
		ask,
		asked,
		read,
		write,
		reading,
		later,
	};
}
