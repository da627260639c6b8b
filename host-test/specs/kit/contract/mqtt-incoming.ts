import assert from "node:assert/strict";
import { generate } from "mqtt-packet";
import { CONNACK, ERROR, type MqttBench, PINGREQ_OPERATION, PINGRESP, publish, textOf } from "./mqtt-bench.js";

/** What comes, and how it ends. */
export function defineMqttIncoming(bench: MqttBench): void {
	const { make, open, connected, write, read, packets, commands } = bench;

	describe("reading", () => {
		it("hands on a payload in the pieces that come, the topic with the first", () => {
			const pieces: unknown[] = [];
			connected({ onReadable: (count: number, how: object) => pieces.push([textOf(bench.client.read(count)), how]) });
			const packet = publish("a/b", "hello world");
			const payloadAt = packet.byteLength - 11;
			bench.wire.receive(packet.subarray(0, payloadAt + 2));
			bench.wire.receive(packet.subarray(payloadAt + 2, payloadAt + 7));
			bench.wire.receive(packet.subarray(payloadAt + 7));
			assert.deepEqual(pieces, [
				["he", { more: true, topic: "a/b", QoS: 1, byteLength: 11 }],
				["llo w", { more: true }],
				["orld", { more: false }],
			]);
		});

		it("takes a packet byte by byte, and several in one segment", () => {
			const heard: string[] = [];
			connected({
				onReadable: (count: number, { topic }: { topic?: string }) =>
					heard.push(`${topic}:${textOf(bench.client.read(count))}`),
			});
			for (const byte of publish("a/b", "x")) bench.wire.receive(Buffer.of(byte));
			bench.wire.receive(Buffer.concat([publish("c", "y"), PINGRESP, publish("d", "z", 0)]));
			assert.deepEqual(heard, ["a/b:x", "c:y", "d:z"]);
			assert.deepEqual(bench.wire.log, [["control", 13, true]]);
		});

		it("stops at a piece that is not read, and goes on once it is", () => {
			connected();
			bench.wire.receive(Buffer.concat([publish("a", "12345", 0), publish("b", "67", 0)]));
			bench.wire.receive(publish("c", "8", 0));
			bench.wire.pass(1_000);
			assert.equal(bench.wire.log.length, 1);
			assert.equal(textOf(read(2)), "12");
			bench.wire.pass();
			assert.equal(bench.wire.log.length, 1);
			assert.equal(textOf(read()), "345");
			assert.equal(bench.wire.log.length, 1, "not from within read");
			bench.wire.pass();
			assert.deepEqual(bench.wire.log[1], ["readable", 2, { more: false, topic: "b", QoS: 0, byteLength: 2 }, true]);
			assert.equal(textOf(read(100)), "67");
			assert.equal(read(1), undefined);
			bench.wire.pass();
			assert.equal(bench.wire.log.length, 3);
		});

		it("reads into a buffer, and returns how many bytes", () => {
			connected();
			bench.wire.receive(publish("a", "12345", 0));
			const bytes = new Uint8Array(10);
			assert.equal(read(bytes.subarray(1, 3)), 2);
			assert.equal(read(new DataView(bytes.buffer, 3)), 3);
			assert.equal(textOf(bytes.subarray(1, 6)), "12345");
			assert.equal(read(bytes), undefined);
			assert.throws(() => read(new Uint16Array(2)), /invalid buffer/);
		});

		it("acknowledges from a timer, be it that nothing was read", () => {
			connected();
			bench.wire.receive(publish("a/b", "x"));
			assert.deepEqual(commands(), []);
			bench.wire.pass();
			assert.deepEqual(commands(), ["puback"]);
			bench.wire.receive(Buffer.of());
		});

		it("holds back what it has to say while there is no room, or a payload is under way", () => {
			connected();
			write(Buffer.of(1), { topic: "t", byteLength: 2 });
			bench.wire.receive(publish("a/b", "x"));
			bench.wire.pass();
			assert.deepEqual(commands(), []);
			bench.wire.log.length = 0;
			write(Buffer.of(2));
			bench.wire.taken();
			bench.wire.writable(3);
			assert.deepEqual([bench.wire.log, commands()], [[], []]);
			bench.wire.writable(20);
			assert.deepEqual([bench.wire.log, commands()], [[["writable", 8, true]], ["puback"]]);
		});

		it("does its part of QoS 2", () => {
			connected();
			bench.wire.receive(publish("a/b", "x", 2, 6));
			bench.wire.pass();
			read();
			bench.wire.receive(generate({ cmd: "pubrel", messageId: 6 }));
			bench.wire.pass();
			bench.wire.receive(generate({ cmd: "pubrec", messageId: 8 }));
			bench.wire.pass();
			assert.deepEqual(
				packets().map(({ cmd, messageId }) => [cmd, messageId]),
				[
					["pubrec", 6],
					["pubcomp", 6],
					["pubrel", 8],
				],
			);
		});

		it("is wedged by an empty payload: nothing after it is delivered", () => {
			connected();
			bench.wire.receive(publish("a/b", ""));
			bench.wire.receive(publish("a/b", "x"));
			bench.wire.pass(1_000);
			assert.deepEqual([bench.wire.log, commands()], [[], []]);
		});

		for (const [what, bytes] of [
			["a packet of type 0", [0x00, 0]],
			["a packet of type 15", [0xf0, 0]],
			["a length of five bytes", [0x40, 0x80, 0x80, 0x80, 0x80]],
			["an empty topic", [0x30, 3, 0, 0, 1]],
			["a CONNACK of another length", [0x20, 3, 0, 0, 0]],
			["a packet that servers do not send", [0x82, 2, 0, 1]],
		] as const)
			it(`${what} is an error`, () => {
				connected();
				bench.wire.receive(Uint8Array.from(bytes));
				assert.deepEqual(bench.wire.log, [ERROR]);
				assert.equal(bench.wire.closed, 1);
			});
	});

	describe("keeping alive", () => {
		it("pings when three quarters of it have passed since the last ping", () => {
			connected({ keepAlive: 60_000 });
			bench.wire.pass(44_999);
			assert.deepEqual(commands(), []);
			for (let i = 0; i < 4; i += 1) {
				bench.wire.pass(i === 0 ? 1 : 45_000);
				assert.deepEqual(commands(), ["pingreq"], `ping ${i}`);
				bench.wire.receive(PINGRESP);
			}
			assert.ok(!bench.wire.log.some((entry) => (entry as string[])[0] === "error"));
		});

		it("a ping of the application's counts as one", () => {
			connected({ keepAlive: 60_000 });
			bench.wire.pass(40_000);
			write(null, { operation: PINGREQ_OPERATION });
			bench.wire.receive(PINGRESP);
			bench.wire.taken();
			bench.wire.pass(49_999);
			assert.deepEqual(commands(), []);
			bench.wire.pass(1);
			assert.deepEqual(commands(), ["pingreq"]);
		});

		it("gives up 1.5 keep-alives after the last PINGRESP, whatever else comes", () => {
			const onReadable = (count: number) => bench.client.read(count);
			connected({ keepAlive: 60_000, onReadable, onWritable: () => undefined });
			bench.wire.pass(45_000);
			bench.wire.receive(PINGRESP);
			for (let i = 0; i < 8; i += 1) {
				bench.wire.pass(10_000);
				bench.wire.receive(publish("a", "x", 0));
			}
			bench.wire.pass(9_999);
			assert.deepEqual(bench.wire.log, [["control", 13, true]]);
			bench.wire.pass(1);
			assert.deepEqual(bench.wire.log.at(-1), ERROR);
			assert.equal(bench.wire.closed, 1);
		});

		it("gives up when a ping cannot be sent for a quarter of it", () => {
			connected({ keepAlive: 60_000 });
			bench.wire.writable(0);
			bench.wire.pass(59_999);
			assert.deepEqual(bench.wire.log, []);
			bench.wire.pass(1);
			assert.deepEqual(bench.wire.log, [ERROR]);
		});
	});

	describe("ending", () => {
		it("a lost connection is one error, told before the socket is closed", () => {
			connected();
			bench.wire.fail();
			assert.deepEqual(bench.wire.log, [ERROR]);
			assert.equal(bench.wire.closed, 1);
			assert.throws(() => write(Buffer.of(1), { topic: "t" }));
		});

		it("a second socket error is thrown: the machine ends", () => {
			connected();
			bench.wire.fail();
			bench.wire.fail();
			assert.match(bench.wire.takeAbort(), /TypeError/);
			assert.deepEqual(bench.wire.log, [ERROR]);
		});

		it("a name that is resolved after close() is thrown: the machine ends", () => {
			make();
			bench.wire.do(() => bench.client.close());
			bench.wire.resolve();
			assert.match(bench.wire.takeAbort(), /TypeError/);
			assert.deepEqual(bench.wire.log, []);
		});

		it("sends no DISCONNECT, closes once, and calls nobody", () => {
			connected({ keepAlive: 60_000 });
			bench.wire.receive(publish("a", "x"));
			bench.wire.log.length = 0;
			bench.wire.do(() => bench.client.close());
			bench.wire.do(() => bench.client.close());
			bench.wire.pass(600_000);
			assert.deepEqual([commands(), bench.wire.closed, bench.wire.log], [[], 1, []]);
		});

		for (const [callback, cause] of [
			["onControl", () => bench.wire.receive(PINGRESP)],
			["onReadable", () => bench.wire.receive(Buffer.concat([publish("a", "x"), publish("b", "y")]))],
			["onWritable", () => bench.wire.writable()],
			["onError", () => bench.wire.fail()],
		] as const)
			it(`may be closed in ${callback}`, () => {
				let calls = 0;
				let isArmed = false;
				connected({
					[callback]() {
						if (!isArmed) return;
						calls += 1;
						bench.client.close();
					},
				});
				isArmed = true;
				cause();
				bench.wire.pass(1_000);
				assert.deepEqual([calls, bench.wire.closed, bench.wire.log], [1, 1, []]);
			});

		it("may be closed when it has logged in: onWritable does not come", () => {
			open({ onControl: () => bench.client.close() });
			bench.wire.receive(CONNACK);
			assert.deepEqual([bench.wire.log, bench.wire.closed], [[], 1]);
		});

		it("an acknowledgement behind the other side's back is thrown: the machine ends", () => {
			connected();
			bench.wire.receive(publish("a/b", "x"));
			bench.wire.isReady = false;
			bench.wire.pass();
			assert.match(bench.wire.takeAbort(), /not ready/);
		});
	});
}
