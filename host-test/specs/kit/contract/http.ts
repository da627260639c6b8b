import assert from "node:assert/strict";
import { Wire } from "./wire.js";

/** `embedded:network/http/client`, as far as the cases use it. */
export type HttpClientClass = new (options: object) => Client;

interface Client {
	request(options?: object): Request;
	close(): void;
}

interface Request {
	read(wanted?: number | ArrayBufferView): unknown;
	write(data?: unknown): number;
}

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;
const textOf = (bytes: unknown) => Buffer.from(bytes as ArrayBuffer).toString();

/** What a client of `embedded:network/http/client` does, defects included: the SDK's file, and the host's that stands for it. */
export function defineHttpContract(Client: HttpClientClass): void {
	let wire: Wire;
	let client: Client;
	let request: Request;
	beforeEach(() => {
		wire = new Wire();
	});
	afterEach(() => assert.deepEqual(wire.aborts, []));

	function make(options: object = {}): Client {
		const onError = (...args: unknown[]) => wire.log.push(["error", ...args]);
		client = wire.do(() => new Client({ host: "server", ...wire.network, onError, ...options }));
		return client;
	}

	/** Counts, order and `this` of the callbacks go into the log, with the name; unless the test has its own. */
	function ask(options: object = {}, name = "one"): Request {
		const { log } = wire;
		let asked: Request | undefined;
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
	function asked(options?: object): Request {
		make();
		ask(options);
		wire.resolve();
		wire.writable();
		wire.taken();
		return request;
	}

	const read = (wanted?: number | ArrayBufferView, from = request) => wire.do(() => from.read(wanted));
	const write = (data?: unknown) => wire.do(() => request.write(data));
	const DONE = ["done", null, "one"];
	const FAILED = ["done", true, "one"];
	const ERROR = ["error", undefined];
	/** Reads what comes. */
	const reading = {
		onReadable(this: Request, count: number) {
			wire.log.push(textOf(this.read(count)));
		},
	};
	/** The log without the headers. */
	const later = () => wire.log.filter((entry) => (entry as unknown[])[0] !== "headers");

	describe("connecting", () => {
		it("needs a host, and takes 80 where no port is given", () => {
			assert.throws(() => make({ host: undefined }), /host required/);
			make();
			wire.resolve();
			const { host, address, port } = wire.socket ?? {};
			assert.deepEqual([host, address, port], ["server", "192.0.2.1", 80]);
		});

		it("a name without an address: all requests are done, then the client", () => {
			make();
			ask();
			ask({}, "two");
			const why = new Error("no such name");
			wire.unresolved(why);
			assert.deepEqual(wire.log, [FAILED, ["done", true, "two"], ["error", why]]);
		});

		it("a socket that cannot be made is an error, which is told", () => {
			wire.refusal = new Error("no memory");
			make();
			wire.resolve();
			assert.deepEqual(wire.log, [["error", wire.refusal]]);
		});

		it("a name that is resolved after close() opens a socket, which stays", () => {
			make();
			wire.do(() => client.close());
			wire.resolve();
			wire.writable();
			assert.ok(wire.socket !== undefined);
			assert.deepEqual([wire.closed, wire.log, wire.taken().byteLength], [0, [], 0]);
		});

		it("knows no time limit", () => {
			asked();
			wire.pass(86_400_000);
			assert.deepEqual(wire.log, []);
		});
	});

	describe("asking", () => {
		it("sends the line, the host, and the headers as they were given; nothing else", () => {
			make();
			const headers = new Map([
				["X-One", "1"],
				["two", "2"],
			]);
			ask({ method: "PUT", path: "/a?b=c", headers });
			wire.resolve();
			wire.writable();
			assert.equal(textOf(wire.taken()), "PUT /a?b=c HTTP/1.1\r\nhost: server\r\nX-One: 1\r\ntwo: 2\r\n\r\n");
		});

		it("asks for / by GET where nothing is said", () => {
			make();
			wire.resolve();
			wire.writable();
			ask();
			assert.equal(wire.taken().byteLength, 0);
			wire.pass();
			assert.equal(textOf(wire.taken()), "GET / HTTP/1.1\r\nhost: server\r\n\r\n");
		});

		it("sends as much as there is room for", () => {
			make();
			ask({ path: "/long", headers: new Map([["a", "1"]]) });
			wire.resolve();
			for (let i = 0; i < 7; i += 1) wire.writable(7);
			assert.equal(textOf(wire.taken()), "GET /long HTTP/1.1\r\nhost: server\r\na: 1\r\n\r\n");
		});

		it("sends the next request when the answer before it is done", () => {
			asked(reading);
			ask({ path: "/two" }, "two");
			assert.equal(wire.taken().byteLength, 0);
			wire.receive(`${OK}content-length: 0\r\n\r\n`);
			assert.match(textOf(wire.taken()), /^GET \/two HTTP/);
			wire.receive("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
			assert.deepEqual(
				wire.log.map((entry) => (entry as unknown[]).filter((one) => typeof one !== "object")),
				[
					["headers", 200, "OK\r\n", "one"],
					["done", "one"],
					["headers", 404, "Not Found\r\n", "two"],
					["done", "two"],
				],
			);
		});

		it("takes a body of the length that the headers say, as there is room", () => {
			make();
			ask({ method: "POST", headers: new Map([["Content-Length", "10"]]) });
			wire.resolve();
			wire.writable(1_000);
			assert.deepEqual(wire.log, [["writable", 10, "one"]]);
			wire.taken();
			assert.throws(() => write(Buffer.alloc(11)), /would block/);
			assert.throws(() => write(), /bad data/);
			assert.equal(write(Buffer.from("abc")), 7);
			wire.writable(4);
			assert.deepEqual(wire.log.at(-1), ["writable", 4, "one"]);
			assert.throws(() => write(Buffer.alloc(5)), /would block/);
			assert.equal(write(Uint8Array.from(Buffer.from("defg")).buffer), 0);
			wire.writable(100);
			assert.deepEqual(wire.log.at(-1), ["writable", 3, "one"]);
			assert.equal(write(Buffer.from("hij")), 0);
			assert.equal(textOf(wire.taken()), "abcdefghij");
			assert.throws(() => write(Buffer.of(1)), /bad state/);
			wire.receive(`${OK}content-length: 0\r\n\r\n`);
			assert.deepEqual(wire.log.at(-1), DONE);
		});

		it("takes a body in chunks, whose end lacks its first two bytes", () => {
			make();
			ask({ method: "POST", headers: new Map([["transfer-encoding", "chunked"]]) });
			wire.resolve();
			wire.writable(1_000);
			const head = wire.taken().byteLength;
			assert.deepEqual(wire.log, [["writable", 1_000 - head - 8, "one"]]);
			wire.writable(30);
			assert.throws(() => write(Buffer.alloc(23)), /would block/);
			assert.equal(write(Buffer.alloc(16, 97)), 0);
			assert.equal(textOf(wire.taken()), `10\r\n${"a".repeat(16)}\r\n`);
			wire.log.length = 0;
			for (const room of [0, 8, 9]) wire.writable(room);
			assert.deepEqual(wire.log, [["writable", 1, "one"]]);
			assert.equal(write(), 0);
			assert.equal(wire.taken().byteLength, 0);
			wire.writable(100);
			assert.equal(textOf(wire.taken()), "\r\n\r\n".slice(1));
		});
	});

	describe("the answer's head", () => {
		it("is told with names in small letters, values trimmed, and the words behind the status", () => {
			asked();
			wire.receive('HTTP/1.0 206 Partial  Content\r\nETag:  "x" \r\nX-y: \r\nX-Y: a: b\r\ncontent-length: 5\r\n\r\n');
			const headers = { etag: '"x"', "x-y": "a: b", "content-length": "5" };
			assert.deepEqual(wire.log, [["headers", 206, headers, "Partial  Content\r\n", "one"]]);
		});

		it("may come byte by byte", () => {
			asked(reading);
			for (const byte of Buffer.from(`${OK}a: b\r\ncontent-length: 2\r\n\r\nhi`)) wire.receive(Buffer.of(byte));
			wire.pass();
			assert.deepEqual(wire.log, [
				["headers", 200, { a: "b", "content-length": "2" }, "OK\r\n", "one"],
				"h",
				"i",
				DONE,
			]);
		});

		it("is told as far as the mask lets it", () => {
			asked({ headersMask: ["b"] });
			wire.receive(`${OK}a: 1\r\nB: 2\r\ncontent-length: 0\r\n\r\n`);
			assert.deepEqual(wire.log, [["headers", 200, { b: "2" }, "OK\r\n", "one"], DONE]);
		});

		it("a line without a colon is the value of the header before it", () => {
			asked();
			wire.receive(`${OK}a: 1\r\n folded \r\ncontent-length: 0\r\n\r\n`);
			assert.deepEqual(wire.log[0], ["headers", 200, { a: "folded", "content-length": "0" }, "OK\r\n", "one"]);
		});

		it("ends at a header without a value, not so much as a space: the rest is the body", () => {
			asked(reading);
			wire.receive(`${OK}a:\r\ncontent-length: 2\r\n\r\nhi`);
			wire.pass(1_000);
			assert.deepEqual(wire.log, [["headers", 200, {}, "OK\r\n", "one"], "content-length: 2\r\n\r\nhi"]);
		});

		it("without words behind the status is an error", () => {
			asked();
			wire.receive("HTTP/1.1 200\r\n");
			const [done, error] = wire.log as unknown[][];
			assert.deepEqual([done, error?.[0]], [FAILED, "error"]);
			assert.match(String(error?.[1]), /bad response/);
			assert.equal(wire.closed, 1);
		});

		it("without words, and more in the segment: thrown, the machine ends", () => {
			asked();
			wire.receive("HTTP/1.1 200\r\na: b\r\n");
			assert.match(wire.takeAbort(), /TypeError/);
			assert.deepEqual(wire.log[0], FAILED);
		});

		for (const head of [
			"204 No Content\r\n",
			"205 Reset Content\r\ncontent-length: 5\r\n",
			"200 OK\r\ncontent-length: 0\r\n",
		])
			it(`${head.slice(0, 3)} without a body: done at once`, () => {
				asked();
				wire.receive(`HTTP/1.1 ${head}\r\n`);
				assert.deepEqual(later(), [DONE]);
			});

		it("100 Continue is taken for the answer, and the answer for its body", () => {
			asked(reading);
			wire.receive("HTTP/1.1 100 Continue\r\n\r\n");
			const answer = `${OK}content-length: 2\r\n\r\nhi`;
			wire.receive(answer);
			wire.pass(1_000);
			assert.deepEqual(wire.log, [["headers", 100, {}, "Continue\r\n", "one"], answer]);
		});
	});

	describe("the answer's body", () => {
		it("is done from a timer, once all of it is read", () => {
			asked();
			wire.receive(`${OK}content-length: 5\r\n\r\nab`);
			wire.receive("cd");
			assert.deepEqual(later(), [
				["readable", 2, "one"],
				["readable", 4, "one"],
			]);
			assert.equal(textOf(read(1)), "a");
			wire.pass(1_000);
			wire.receive("e");
			assert.deepEqual(later().at(-1), ["readable", 4, "one"]);
			assert.equal(textOf(read(100)), "bcde");
			assert.deepEqual(later().at(-1), ["readable", 4, "one"], "not from within read");
			assert.equal(read(), undefined);
			wire.pass();
			assert.deepEqual(later().at(-1), DONE);
			assert.throws(() => read());
		});

		it("is read into a buffer as well: how many bytes is returned", () => {
			asked();
			wire.receive(`${OK}content-length: 5\r\n\r\nabcde`);
			const bytes = new Uint8Array(10);
			assert.throws(() => read(new Uint16Array(2)), /invalid buffer/);
			assert.equal(read(bytes.subarray(1, 3)), 2);
			assert.equal(read(new DataView(bytes.buffer, 3)), 3);
			assert.equal(textOf(bytes.subarray(1, 6)), "abcde");
		});

		it("cannot be read by another request, nor before the head is told", () => {
			const first = asked({ onHeaders: () => wire.log.push(["early", first.read() ?? "nothing"]) });
			const second = ask({}, "two");
			assert.throws(() => read(1, second), /bad state/);
			assert.equal(read(1, first), undefined);
			wire.receive(`${OK}content-length: 5\r\n\r\nabcde`);
			assert.deepEqual(wire.log, [
				["early", "nothing"],
				["readable", 5, "one"],
			]);
		});

		it("that the end of the connection ends is not whole", () => {
			asked(reading);
			wire.receive(`${OK}\r\nabc`);
			wire.receive("def");
			wire.pass(1_000);
			assert.deepEqual(later(), ["abc", "def"]);
			wire.fail();
			assert.deepEqual(later().slice(2), [FAILED, ERROR]);
			assert.equal(wire.closed, 1);
		});

		it("that was read when the connection ends is done all the same", () => {
			asked(reading);
			wire.receive(`${OK}content-length: 3\r\n\r\nabc`);
			wire.fail();
			assert.deepEqual(later(), ["abc", DONE, ERROR]);
		});

		it("that was read when the connection ends, and a request that waits: thrown", () => {
			asked(reading);
			ask({}, "two");
			wire.receive(`${OK}content-length: 3\r\n\r\nabc`);
			wire.fail();
			assert.match(wire.takeAbort(), /not ready/);
			assert.deepEqual(later(), ["abc", DONE]);
		});

		it("in chunks is handed on chunk by chunk, each from a timer", () => {
			asked(reading);
			wire.receive(`${CHUNKED}3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n`);
			assert.deepEqual(later(), ["abc"]);
			wire.pass();
			assert.deepEqual(later(), ["abc", "de", DONE]);
		});

		it("in chunks may come byte by byte", () => {
			asked(reading);
			for (const byte of Buffer.from(`${CHUNKED}A\r\nabcdefghij\r\n1\r\nk\r\n0\r\n\r\n`)) wire.receive(Buffer.of(byte));
			assert.deepEqual(later(), [..."abcdefghijk", DONE]);
		});

		it("in chunks may be read in parts: more is told when more comes", () => {
			asked();
			wire.receive(`${CHUNKED}4\r\nab`);
			assert.equal(textOf(read(1)), "a");
			wire.pass(1_000);
			wire.receive("cd\r\n0\r\n\r\n");
			assert.deepEqual(later(), [
				["readable", 2, "one"],
				["readable", 3, "one"],
			]);
			assert.equal(textOf(read()), "bcd");
			wire.pass();
			assert.deepEqual(later().at(-1), DONE);
		});

		it("in chunks has no other length", () => {
			asked(reading);
			wire.receive(`${OK}content-length: 1\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`);
			wire.pass();
			assert.deepEqual(later(), ["abc", DONE]);
		});

		it("with a trailer is thrown, out of a timer or the socket: the machine ends", () => {
			asked(reading);
			wire.receive(`${CHUNKED}3\r\nabc\r\n0\r\nx: y\r\n\r\n`);
			assert.deepEqual(wire.aborts, []);
			wire.pass();
			assert.match(wire.takeAbort(), /Error/);
			assert.deepEqual(later(), ["abc"]);
			wire = new Wire();
			asked(reading);
			wire.receive(`${CHUNKED}3\r\nabc`);
			wire.receive("\r\n0\r\nx: y\r\n\r\n");
			assert.match(wire.takeAbort(), /Error/);
		});

		it("in a chunk whose length is no number never comes", () => {
			asked();
			wire.receive(`${CHUNKED}xyz\r\nabc\r\n`);
			wire.pass(1_000);
			assert.deepEqual(later(), []);
		});

		it("that nobody asked for is thrown: the machine ends", () => {
			make();
			wire.resolve();
			wire.writable();
			wire.receive("HTTP/1.1 408 Request Timeout\r\n\r\n");
			assert.match(wire.takeAbort(), /Error/);
		});
	});

	describe("ending", () => {
		it("a lost connection: each request is done, in order, then the client", () => {
			asked();
			ask({}, "two");
			wire.fail();
			assert.deepEqual(wire.log, [FAILED, ["done", true, "two"], ERROR]);
			assert.equal(wire.closed, 1);
		});

		it("what onDone throws of it is swallowed, and nobody else is told", () => {
			asked({
				onDone() {
					throw new Error("mine");
				},
			});
			ask({}, "two");
			wire.fail();
			assert.deepEqual([wire.log, wire.closed], [[], 1]);
		});

		it("calls nobody after close()", () => {
			asked(reading);
			ask({}, "two");
			wire.receive(`${CHUNKED}3\r\nabc\r\n0\r\n\r\n`);
			wire.log.length = 0;
			wire.do(() => client.close());
			wire.do(() => client.close());
			wire.pass(1_000);
			assert.deepEqual([wire.log, wire.closed], [[], 1]);
		});

		for (const [callback, cause] of [
			["onHeaders", () => wire.receive(`${OK}content-length: 2\r\n\r\nab`)],
			["onReadable", () => wire.receive(`${OK}content-length: 2\r\n\r\nab`)],
			["onDone", () => wire.receive(`${OK}content-length: 0\r\n\r\n`)],
			["onDone with an error", () => wire.fail()],
		] as const)
			it(`may be closed in ${callback}`, () => {
				const [name = ""] = callback.split(" ");
				asked({ onReadable: () => undefined, [name]: () => client.close() });
				wire.log.length = 0;
				cause();
				wire.pass(1_000);
				assert.equal(wire.closed, 1);
				assert.ok(!later().some((entry) => (entry as unknown[])[0] === "done"));
			});

		it("may be closed in onWritable, and in onError", () => {
			make({ onError: () => client.close() });
			ask({ headers: new Map([["content-length", "5"]]), onWritable: () => client.close() });
			wire.resolve();
			wire.writable();
			assert.equal(wire.closed, 1);
			wire = new Wire();
			make({ onError: () => client.close() });
			wire.resolve();
			wire.fail();
			assert.equal(wire.closed, 1);
		});
	});
}
