import assert from "node:assert/strict";
import { CHUNKED, DONE, ERROR, FAILED, type HttpBench, OK, textOf } from "./http-bench.js";

/** How the body of an answer is told, read and done. */
export function defineHttpBody(bench: HttpBench): void {
	const { make, ask, asked, read, reading, later } = bench;

	describe("the answer's body", () => {
		it("is done from a timer, once all of it is read", () => {
			asked();
			bench.wire.receive(`${OK}content-length: 5\r\n\r\nab`);
			bench.wire.receive("cd");
			assert.deepEqual(later(), [
				["readable", 2, "one"],
				["readable", 4, "one"],
			]);
			assert.equal(textOf(read(1)), "a");
			bench.wire.pass(1_000);
			bench.wire.receive("e");
			assert.deepEqual(later().at(-1), ["readable", 4, "one"]);
			assert.equal(textOf(read(100)), "bcde");
			assert.deepEqual(later().at(-1), ["readable", 4, "one"], "not from within read");
			assert.equal(read(), undefined);
			bench.wire.pass();
			assert.deepEqual(later().at(-1), DONE);
			assert.throws(() => read());
		});

		it("is read into a buffer as well: how many bytes is returned", () => {
			asked();
			bench.wire.receive(`${OK}content-length: 5\r\n\r\nabcde`);
			const bytes = new Uint8Array(10);
			assert.throws(() => read(new Uint16Array(2)), /invalid buffer/);
			assert.equal(read(bytes.subarray(1, 3)), 2);
			assert.equal(read(new DataView(bytes.buffer, 3)), 3);
			assert.equal(textOf(bytes.subarray(1, 6)), "abcde");
		});

		it("cannot be read by another request, nor before the head is told", () => {
			const first = asked({ onHeaders: () => bench.wire.log.push(["early", first.read() ?? "nothing"]) });
			const second = ask({}, "two");
			assert.throws(() => read(1, second), /bad state/);
			assert.equal(read(1, first), undefined);
			bench.wire.receive(`${OK}content-length: 5\r\n\r\nabcde`);
			assert.deepEqual(bench.wire.log, [
				["early", "nothing"],
				["readable", 5, "one"],
			]);
		});

		it("that the end of the connection ends is not whole", () => {
			asked(reading);
			bench.wire.receive(`${OK}\r\nabc`);
			bench.wire.receive("def");
			bench.wire.pass(1_000);
			assert.deepEqual(later(), ["abc", "def"]);
			bench.wire.fail();
			assert.deepEqual(later().slice(2), [FAILED, ERROR]);
			assert.equal(bench.wire.closed, 1);
		});

		it("that was read when the connection ends is done all the same", () => {
			asked(reading);
			bench.wire.receive(`${OK}content-length: 3\r\n\r\nabc`);
			bench.wire.fail();
			assert.deepEqual(later(), ["abc", DONE, ERROR]);
		});

		it("that was read when the connection ends, and a request that waits: thrown", () => {
			asked(reading);
			ask({}, "two");
			bench.wire.receive(`${OK}content-length: 3\r\n\r\nabc`);
			bench.wire.fail();
			assert.match(bench.wire.takeAbort(), /not ready/);
			assert.deepEqual(later(), ["abc", DONE]);
		});

		it("in chunks is handed on chunk by chunk, each from a timer", () => {
			asked(reading);
			bench.wire.receive(`${CHUNKED}3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n`);
			assert.deepEqual(later(), ["abc"]);
			bench.wire.pass();
			assert.deepEqual(later(), ["abc", "de", DONE]);
		});

		it("in chunks may come byte by byte", () => {
			asked(reading);
			for (const byte of Buffer.from(`${CHUNKED}A\r\nabcdefghij\r\n1\r\nk\r\n0\r\n\r\n`))
				bench.wire.receive(Buffer.of(byte));
			assert.deepEqual(later(), [..."abcdefghijk", DONE]);
		});

		it("in chunks may be read in parts: more is told when more comes", () => {
			asked();
			bench.wire.receive(`${CHUNKED}4\r\nab`);
			assert.equal(textOf(read(1)), "a");
			bench.wire.pass(1_000);
			bench.wire.receive("cd\r\n0\r\n\r\n");
			assert.deepEqual(later(), [
				["readable", 2, "one"],
				["readable", 3, "one"],
			]);
			assert.equal(textOf(read()), "bcd");
			bench.wire.pass();
			assert.deepEqual(later().at(-1), DONE);
		});

		it("in chunks has no other length", () => {
			asked(reading);
			bench.wire.receive(`${OK}content-length: 1\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`);
			bench.wire.pass();
			assert.deepEqual(later(), ["abc", DONE]);
		});

		it("with a trailer is thrown, out of a timer or the socket: the machine ends", () => {
			asked(reading);
			bench.wire.receive(`${CHUNKED}3\r\nabc\r\n0\r\nx: y\r\n\r\n`);
			assert.deepEqual(bench.wire.aborts, []);
			bench.wire.pass();
			assert.match(bench.wire.takeAbort(), /Error/);
			assert.deepEqual(later(), ["abc"]);
			bench.renew();
			asked(reading);
			bench.wire.receive(`${CHUNKED}3\r\nabc`);
			bench.wire.receive("\r\n0\r\nx: y\r\n\r\n");
			assert.match(bench.wire.takeAbort(), /Error/);
		});

		it("in a chunk whose length is no number never comes", () => {
			asked();
			bench.wire.receive(`${CHUNKED}xyz\r\nabc\r\n`);
			bench.wire.pass(1_000);
			assert.deepEqual(later(), []);
		});

		it("that nobody asked for is thrown: the machine ends", () => {
			make();
			bench.wire.resolve();
			bench.wire.writable();
			bench.wire.receive("HTTP/1.1 408 Request Timeout\r\n\r\n");
			assert.match(bench.wire.takeAbort(), /Error/);
		});
	});
}
