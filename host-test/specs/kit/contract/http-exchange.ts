import assert from "node:assert/strict";
import { CHUNKED, DONE, ERROR, FAILED, type HttpBench, OK, textOf } from "./http-bench.js";

/** All but the body of an answer. */
export function defineHttpExchange(bench: HttpBench): void {
	const { make, ask, asked, write, reading, later } = bench;

	describe("connecting", () => {
		it("needs a host, and takes 80 where no port is given", () => {
			assert.throws(() => make({ host: undefined }), /host required/);
			make();
			bench.wire.resolve();
			const { host, address, port } = bench.wire.socket ?? {};
			assert.deepEqual([host, address, port], ["server", "192.0.2.1", 80]);
		});

		it("a name without an address: all requests are done, then the client", () => {
			make();
			ask();
			ask({}, "two");
			const why = new Error("no such name");
			bench.wire.unresolved(why);
			assert.deepEqual(bench.wire.log, [FAILED, ["done", true, "two"], ["error", why]]);
		});

		it("a socket that cannot be made is an error, which is told", () => {
			bench.wire.refusal = new Error("no memory");
			make();
			bench.wire.resolve();
			assert.deepEqual(bench.wire.log, [["error", bench.wire.refusal]]);
		});

		it("a name that is resolved after close() opens a socket, which stays", () => {
			make();
			bench.wire.do(() => bench.client.close());
			bench.wire.resolve();
			bench.wire.writable();
			assert.ok(bench.wire.socket !== undefined);
			assert.deepEqual([bench.wire.closed, bench.wire.log, bench.wire.taken().byteLength], [0, [], 0]);
		});

		it("knows no time limit", () => {
			asked();
			bench.wire.pass(86_400_000);
			assert.deepEqual(bench.wire.log, []);
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
			bench.wire.resolve();
			bench.wire.writable();
			assert.equal(textOf(bench.wire.taken()), "PUT /a?b=c HTTP/1.1\r\nhost: server\r\nX-One: 1\r\ntwo: 2\r\n\r\n");
		});

		it("asks for / by GET where nothing is said", () => {
			make();
			bench.wire.resolve();
			bench.wire.writable();
			ask();
			assert.equal(bench.wire.taken().byteLength, 0);
			bench.wire.pass();
			assert.equal(textOf(bench.wire.taken()), "GET / HTTP/1.1\r\nhost: server\r\n\r\n");
		});

		it("sends as much as there is room for", () => {
			make();
			ask({ path: "/long", headers: new Map([["a", "1"]]) });
			bench.wire.resolve();
			for (let i = 0; i < 7; i += 1) bench.wire.writable(7);
			assert.equal(textOf(bench.wire.taken()), "GET /long HTTP/1.1\r\nhost: server\r\na: 1\r\n\r\n");
		});

		it("sends the next request when the answer before it is done", () => {
			asked(reading);
			ask({ path: "/two" }, "two");
			assert.equal(bench.wire.taken().byteLength, 0);
			bench.wire.receive(`${OK}content-length: 0\r\n\r\n`);
			assert.match(textOf(bench.wire.taken()), /^GET \/two HTTP/);
			bench.wire.receive("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
			assert.deepEqual(
				bench.wire.log.map((entry) => (entry as unknown[]).filter((one) => typeof one !== "object")),
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
			bench.wire.resolve();
			bench.wire.writable(1_000);
			assert.deepEqual(bench.wire.log, [["writable", 10, "one"]]);
			bench.wire.taken();
			assert.throws(() => write(Buffer.alloc(11)), /would block/);
			assert.throws(() => write(), /bad data/);
			assert.equal(write(Buffer.from("abc")), 7);
			bench.wire.writable(4);
			assert.deepEqual(bench.wire.log.at(-1), ["writable", 4, "one"]);
			assert.throws(() => write(Buffer.alloc(5)), /would block/);
			assert.equal(write(Uint8Array.from(Buffer.from("defg")).buffer), 0);
			bench.wire.writable(100);
			assert.deepEqual(bench.wire.log.at(-1), ["writable", 3, "one"]);
			assert.equal(write(Buffer.from("hij")), 0);
			assert.equal(textOf(bench.wire.taken()), "abcdefghij");
			assert.throws(() => write(Buffer.of(1)), /bad state/);
			bench.wire.receive(`${OK}content-length: 0\r\n\r\n`);
			assert.deepEqual(bench.wire.log.at(-1), DONE);
		});

		it("takes a body in chunks, whose end lacks its first two bytes", () => {
			make();
			ask({ method: "POST", headers: new Map([["transfer-encoding", "chunked"]]) });
			bench.wire.resolve();
			bench.wire.writable(1_000);
			const head = bench.wire.taken().byteLength;
			assert.deepEqual(bench.wire.log, [["writable", 1_000 - head - 8, "one"]]);
			bench.wire.writable(30);
			assert.throws(() => write(Buffer.alloc(23)), /would block/);
			assert.equal(write(Buffer.alloc(16, 97)), 0);
			assert.equal(textOf(bench.wire.taken()), `10\r\n${"a".repeat(16)}\r\n`);
			bench.wire.log.length = 0;
			for (const room of [0, 8, 9]) bench.wire.writable(room);
			assert.deepEqual(bench.wire.log, [["writable", 1, "one"]]);
			assert.equal(write(), 0);
			assert.equal(bench.wire.taken().byteLength, 0);
			bench.wire.writable(100);
			assert.equal(textOf(bench.wire.taken()), "\r\n\r\n".slice(1));
		});
	});

	describe("the answer's head", () => {
		it("is told with small names, trimmed values, and the words behind the status", () => {
			asked();
			bench.wire.receive(
				'HTTP/1.0 206 Partial  Content\r\nETag:  "x" \r\nX-y: \r\nX-Y: a: b\r\ncontent-length: 5\r\n\r\n',
			);
			const headers = { etag: '"x"', "x-y": "a: b", "content-length": "5" };
			assert.deepEqual(bench.wire.log, [["headers", 206, headers, "Partial  Content\r\n", "one"]]);
		});

		it("may come byte by byte", () => {
			asked(reading);
			for (const byte of Buffer.from(`${OK}a: b\r\ncontent-length: 2\r\n\r\nhi`)) bench.wire.receive(Buffer.of(byte));
			bench.wire.pass();
			assert.deepEqual(bench.wire.log, [
				["headers", 200, { a: "b", "content-length": "2" }, "OK\r\n", "one"],
				"h",
				"i",
				DONE,
			]);
		});

		it("is told as far as the mask lets it", () => {
			asked({ headersMask: ["b"] });
			bench.wire.receive(`${OK}a: 1\r\nB: 2\r\ncontent-length: 0\r\n\r\n`);
			assert.deepEqual(bench.wire.log, [["headers", 200, { b: "2" }, "OK\r\n", "one"], DONE]);
		});

		it("a line without a colon is the value of the header before it", () => {
			asked();
			bench.wire.receive(`${OK}a: 1\r\n folded \r\ncontent-length: 0\r\n\r\n`);
			assert.deepEqual(bench.wire.log[0], ["headers", 200, { a: "folded", "content-length": "0" }, "OK\r\n", "one"]);
		});

		it("ends at a header without a value, not so much as a space: the rest is the body", () => {
			asked(reading);
			bench.wire.receive(`${OK}a:\r\ncontent-length: 2\r\n\r\nhi`);
			bench.wire.pass(1_000);
			assert.deepEqual(bench.wire.log, [["headers", 200, {}, "OK\r\n", "one"], "content-length: 2\r\n\r\nhi"]);
		});

		it("without words behind the status is an error", () => {
			asked();
			bench.wire.receive("HTTP/1.1 200\r\n");
			const [done, error] = bench.wire.log as unknown[][];
			assert.deepEqual([done, error?.[0]], [FAILED, "error"]);
			assert.match(String(error?.[1]), /bad response/);
			assert.equal(bench.wire.closed, 1);
		});

		it("without words, and more in the segment: thrown, the machine ends", () => {
			asked();
			bench.wire.receive("HTTP/1.1 200\r\na: b\r\n");
			assert.match(bench.wire.takeAbort(), /TypeError/);
			assert.deepEqual(bench.wire.log[0], FAILED);
		});

		for (const head of [
			"204 No Content\r\n",
			"205 Reset Content\r\ncontent-length: 5\r\n",
			"200 OK\r\ncontent-length: 0\r\n",
		])
			it(`${head.slice(0, 3)} without a body: done at once`, () => {
				asked();
				bench.wire.receive(`HTTP/1.1 ${head}\r\n`);
				assert.deepEqual(later(), [DONE]);
			});

		it("100 Continue is taken for the answer, and the answer for its body", () => {
			asked(reading);
			bench.wire.receive("HTTP/1.1 100 Continue\r\n\r\n");
			const answer = `${OK}content-length: 2\r\n\r\nhi`;
			bench.wire.receive(answer);
			bench.wire.pass(1_000);
			assert.deepEqual(bench.wire.log, [["headers", 100, {}, "Continue\r\n", "one"], answer]);
		});
	});

	describe("ending", () => {
		it("a lost connection: each request is done, in order, then the client", () => {
			asked();
			ask({}, "two");
			bench.wire.fail();
			assert.deepEqual(bench.wire.log, [FAILED, ["done", true, "two"], ERROR]);
			assert.equal(bench.wire.closed, 1);
		});

		it("an error is told on the client", () => {
			make({
				onError(this: unknown) {
					bench.wire.log.push(this === bench.client);
				},
			});
			bench.wire.unresolved();
			assert.deepEqual(bench.wire.log, [true]);
		});

		it("what onDone throws of it is swallowed, and nobody else is told", () => {
			asked({
				onDone() {
					throw new Error("mine");
				},
			});
			ask({}, "two");
			bench.wire.fail();
			assert.deepEqual([bench.wire.log, bench.wire.closed], [[], 1]);
		});

		it("calls nobody after close()", () => {
			asked(reading);
			ask({}, "two");
			bench.wire.receive(`${CHUNKED}3\r\nabc\r\n0\r\n\r\n`);
			bench.wire.log.length = 0;
			bench.wire.do(() => bench.client.close());
			bench.wire.do(() => bench.client.close());
			bench.wire.pass(1_000);
			assert.deepEqual([bench.wire.log, bench.wire.closed], [[], 1]);
		});

		for (const [callback, cause] of [
			["onHeaders", () => bench.wire.receive(`${OK}content-length: 2\r\n\r\nab`)],
			["onReadable", () => bench.wire.receive(`${OK}content-length: 2\r\n\r\nab`)],
			["onDone", () => bench.wire.receive(`${OK}content-length: 0\r\n\r\n`)],
			["onDone with an error", () => bench.wire.fail()],
		] as const)
			it(`may be closed in ${callback}`, () => {
				const [name = ""] = callback.split(" ");
				asked({ onReadable: () => undefined, [name]: () => bench.client.close() });
				bench.wire.log.length = 0;
				cause();
				bench.wire.pass(1_000);
				assert.equal(bench.wire.closed, 1);
				assert.ok(!later().some((entry) => (entry as unknown[])[0] === "done"));
			});

		it("may be closed in onWritable, and in onError", () => {
			make({ onError: () => bench.client.close() });
			ask({ headers: new Map([["content-length", "5"]]), onWritable: () => bench.client.close() });
			bench.wire.resolve();
			bench.wire.writable();
			assert.equal(bench.wire.closed, 1);
			bench.renew();
			make({ onError: () => bench.client.close() });
			bench.wire.resolve();
			bench.wire.fail();
			assert.equal(bench.wire.closed, 1);
		});
	});
}
