import assert from "node:assert/strict";
import { generate } from "mqtt-packet";
import { CONNACK, ERROR, type MqttBench, OVERHEAD_BYTES, PINGREQ_OPERATION, PINGRESP, textOf } from "./mqtt-bench.js";

/** Connecting and writing. */
export function defineMqttOutgoing(bench: MqttBench): void {
	const { make, open, connected, write, packets, commands } = bench;

	describe("connecting", () => {
		it("needs a host, and takes 1883 where no port is given", () => {
			assert.throws(() => make({ host: undefined }), /host required/);
			make();
			bench.wire.resolve();
			const { host, address, port } = bench.wire.socket ?? {};
			assert.deepEqual([host, address, port], ["broker", "192.0.2.1", 1_883]);
		});

		it("keeps the application's target, for its callbacks", () => {
			const target = {};
			assert.equal(make({ target }).target, target);
			assert.equal(make().target, undefined);
		});

		it("says who it is, with the keep-alive rounded up to seconds", () => {
			open({ keepAlive: 60_001, user: "me", password: Uint8Array.of(1, 2).buffer, clean: false, port: 1 });
			const [connect] = packets();
			assert.ok(connect?.cmd === "connect");
			const { clientId, keepalive, clean, username, password } = connect;
			assert.deepEqual([clientId, keepalive, clean, username], ["alpha", 61, false, "me"]);
			assert.deepEqual([...(password ?? [])], [1, 2]);
			assert.equal(bench.wire.socket?.port, 1);
		});

		it("leaves a will", () => {
			open({ will: { topic: "t", message: "gone", QoS: 1, retain: true } });
			const [connect] = packets();
			assert.ok(connect?.cmd === "connect");
			const { topic, payload, qos, retain } = connect.will ?? {};
			assert.deepEqual([topic, textOf(payload), qos, retain], ["t", "gone", 1, true]);
		});

		it("calls nobody before CONNACK, then onControl, then onWritable", () => {
			open();
			bench.wire.writable(1_000);
			assert.deepEqual(bench.wire.log, []);
			bench.wire.receive(CONNACK);
			assert.deepEqual(bench.wire.log, [
				["control", bench.CONNACK, true],
				["writable", 1_000 - OVERHEAD_BYTES, true],
			]);
		});

		it("tells CONNACK's code, and which packet was acknowledged", () => {
			const messages: unknown[] = [];
			open({ onControl: (message: object) => messages.push({ ...message }) });
			bench.wire.receive(CONNACK);
			bench.wire.receive(generate({ cmd: "puback", messageId: 0x102 }));
			bench.wire.receive(generate({ cmd: "suback", messageId: 7, granted: [1, 128] }));
			bench.wire.receive(PINGRESP);
			assert.deepEqual(messages, [
				{ operation: 2, returnCode: 0 },
				{ operation: 4, id: 0x102 },
				{ operation: 9, id: 7, payload: [1, 128] },
				{ operation: 13 },
			]);
		});

		it("a refused CONNACK is an error, not a control message", () => {
			open();
			bench.wire.receive(generate({ cmd: "connack", returnCode: 5, sessionPresent: false }));
			assert.deepEqual(bench.wire.log, [ERROR]);
			assert.equal(bench.wire.closed, 1);
		});

		it("a name that has no address is an error", () => {
			make();
			bench.wire.unresolved();
			assert.deepEqual(bench.wire.log, [ERROR]);
		});

		it("a socket that cannot be made is an error", () => {
			bench.wire.refusal = new Error("no memory");
			make();
			bench.wire.resolve();
			assert.deepEqual(bench.wire.log, [ERROR]);
		});

		it("gives the socket 30 s, from when the name is resolved", () => {
			make();
			bench.wire.pass(60_000);
			bench.wire.resolve();
			bench.wire.pass(29_999);
			assert.deepEqual(bench.wire.log, []);
			bench.wire.pass(1);
			assert.deepEqual(bench.wire.log, [ERROR]);
			assert.equal(bench.wire.closed, 1);
		});

		it("waits for CONNACK for ever where there is no keep-alive", () => {
			open();
			bench.wire.pass(86_400_000);
			assert.deepEqual(bench.wire.log, []);
		});

		it("waits for CONNACK for one keep-alive: the ping cannot go out", () => {
			open({ keepAlive: 60_000 });
			bench.wire.pass(59_999);
			assert.deepEqual(bench.wire.log, []);
			bench.wire.pass(1);
			assert.deepEqual(bench.wire.log, [ERROR]);
		});
	});

	describe("writing", () => {
		it("throws while there is no connection", () => {
			make();
			assert.throws(() => write(Buffer.of(1), { topic: "t" }));
			bench.wire.resolve();
			assert.throws(() => write(Buffer.of(1), { topic: "t" }));
			bench.wire.writable();
			assert.throws(() => write(Buffer.of(1), { topic: "t" }));
			assert.deepEqual(commands(), ["connect"]);
		});

		it("returns the room that is left, less what it keeps", () => {
			connected();
			bench.wire.writable(100);
			const bytes = 1 + 1 + 2 + 1 + 10;
			assert.equal(write(Buffer.alloc(10), { topic: "t" }), 100 - bytes - OVERHEAD_BYTES);
			bench.wire.writable(bytes + OVERHEAD_BYTES);
			assert.equal(write(Buffer.alloc(10), { topic: "t" }), 0);
		});

		it("throws overflow above the room, of which all may be used", () => {
			connected();
			bench.wire.writable(20);
			assert.throws(() => write(Buffer.alloc(16), { topic: "t" }), /overflow/);
			assert.equal(write(Buffer.alloc(15), { topic: "t" }), 0);
			assert.throws(() => write(null, { operation: 8, items: [{ topic: "t" }] }), /overflow/);
			assert.throws(() => write(null, { operation: 10, items: [{ topic: "t" }] }), /overflow/);
			assert.throws(() => write(null, { operation: 14 }), /overflow/);
			assert.deepEqual(commands(), ["publish"]);
		});

		it("calls onWritable as the socket does, but for the last 8 bytes", () => {
			connected();
			for (const room of [9, 8, 0, 1_000]) bench.wire.writable(room);
			assert.deepEqual(bench.wire.log, [
				["writable", 1, true],
				["writable", 992, true],
			]);
		});

		it("publishes with the id, the flags, and bytes of any kind", () => {
			connected();
			write(Uint8Array.of(65, 66).buffer, { topic: "a/b", QoS: 1, id: 9, retain: true, duplicate: true });
			const [packet] = packets();
			assert.ok(packet?.cmd === "publish");
			const { topic, qos, messageId, retain, dup, payload } = packet;
			assert.deepEqual([topic, qos, messageId, retain, dup, textOf(payload)], ["a/b", 1, 9, true, true, "AB"]);
		});

		it("takes a payload in pieces; what would block may be tried again", () => {
			connected();
			bench.wire.writable(40);
			assert.throws(() => write(Buffer.alloc(3), { topic: "t", byteLength: 2 }), /invalid/);
			assert.equal(write(Buffer.alloc(10, 97), { topic: "t", QoS: 1, id: 9, byteLength: 50 }), 40 - 17 - 8);
			assert.throws(() => write(Buffer.alloc(24)), /would block/);
			assert.throws(
				() => write(Buffer.alloc(41)),
				(error: Error) => error.message === "",
			);
			assert.throws(
				() => write(Buffer.alloc(1), { topic: "t" }),
				(error: Error) => error.message === "",
			);
			assert.equal(write(Buffer.alloc(20, 98)), 0);
			bench.wire.log.length = 0;
			bench.wire.writable(100);
			assert.deepEqual(bench.wire.log, [["writable", 92, true]]);
			assert.equal(write(Buffer.alloc(20, 99)), 72);
			assert.equal(write(Buffer.alloc(1), { topic: "t" }), 66);
			const [packet, next] = packets();
			assert.ok(packet?.cmd === "publish" && next?.cmd === "publish");
			assert.equal(textOf(packet.payload), "a".repeat(10) + "b".repeat(20) + "c".repeat(20));
		});

		it("subscribes and unsubscribes to several topics", () => {
			connected();
			write(null, { operation: 8, id: 3, items: [{ topic: "a", QoS: 1 }, { topic: "b/c" }] });
			write(null, { operation: 10, items: [{ topic: "a" }, { topic: "b/c" }] });
			const [subscribe, unsubscribe] = packets();
			assert.ok(subscribe?.cmd === "subscribe" && unsubscribe?.cmd === "unsubscribe");
			const asked = subscribe.subscriptions.map(({ topic, qos }) => [topic, qos]);
			assert.deepEqual(
				[subscribe.messageId, asked],
				[
					3,
					[
						["a", 1],
						["b/c", 0],
					],
				],
			);
			assert.deepEqual([unsubscribe.messageId, unsubscribe.unsubscriptions], [2, ["a", "b/c"]]);
		});

		it("writes acknowledgements and pings for who asks for it, and nothing unknown", () => {
			connected();
			for (const operation of [4, 5, 6, 7]) write(null, { operation, id: 3 });
			write(null, { operation: PINGREQ_OPERATION });
			write(null, { operation: 14 });
			assert.throws(() => write(null, { operation: 1 }), /unknown/);
			assert.throws(() => write(Buffer.of(1)));
			assert.deepEqual(commands(), ["puback", "pubrec", "pubrel", "pubcomp", "pingreq", "disconnect"]);
		});

		it("counts an id for each packet without one, and does not wrap: the 65,535th is 0", () => {
			connected();
			bench.wire.room = 2_000_000;
			bench.wire.writable();
			for (let i = 1; i < 65_535; i += 1) write(Buffer.of(1), { topic: "t", QoS: i === 2 ? 1 : 0 });
			write(Buffer.of(1), { topic: "t", QoS: 1 });
			const ids = packets().flatMap((packet) => (packet.cmd === "publish" && packet.qos === 1 ? packet.messageId : []));
			assert.deepEqual(ids, [3, 0]);
		});

		it("throws where the other side has closed", () => {
			connected();
			bench.wire.isReady = false;
			assert.throws(() => write(Buffer.of(1), { topic: "t" }), /not ready/);
		});
	});
}
