import assert from "node:assert/strict";
import { generate, parser as makeParser, type Packet } from "mqtt-packet";
import { Wire } from "./wire.js";

/** `embedded:network/mqtt/client`, as far as the cases use it. */
export interface MqttClientClass {
	new (options: object): Client;
	readonly CONNACK: number;
	readonly PUBACK: number;
}

interface Client {
	format: string;
	read(wanted?: number | ArrayBufferView): unknown;
	write(data: unknown, options?: object): number;
	close(): void;
}

/** The client keeps so much of the socket's room for itself. */
const OVERHEAD_BYTES = 8;
const CONNACK = generate({ cmd: "connack", returnCode: 0, sessionPresent: false });
const PINGRESP = generate({ cmd: "pingresp" });
const PINGREQ_OPERATION = 12;

function publish(topic: string, payload: string, qos: 0 | 1 | 2 = 1, messageId = 5): Buffer {
	return generate({ cmd: "publish", topic, payload, qos, messageId, retain: false, dup: false });
}

const textOf = (bytes: unknown) => Buffer.from(bytes as ArrayBuffer).toString();

/** What a client of `embedded:network/mqtt/client` does, defects included: the SDK's file, and the host's that stands for it. */
export function defineMqttContract(Client: MqttClientClass): void {
	let wire: Wire;
	let client: Client;
	beforeEach(() => {
		wire = new Wire();
	});
	afterEach(() => assert.deepEqual(wire.aborts, []));

	/** Counts, order and `this` of the callbacks go into the log, unless the test has its own. */
	function make(options: object = {}): Client {
		const { log } = wire;
		client = wire.do(
			() =>
				new Client({
					host: "broker",
					id: "alpha",
					...wire.network,
					onControl(this: unknown, { operation }: { operation: number }) {
						log.push(["control", operation, this === client]);
					},
					onReadable(this: unknown, count: number, readable: object) {
						log.push(["readable", count, readable, this === client]);
					},
					onWritable(this: unknown, count: number) {
						log.push(["writable", count, this === client]);
					},
					onError(this: unknown, ...args: unknown[]) {
						log.push(["error", args.length, this === client, wire.closed]);
					},
					onClose: () => log.push(["close"]),
					...options,
				}),
		);
		return client;
	}

	/** A client that has sent CONNECT. */
	function open(options?: object): Client {
		make(options);
		wire.resolve();
		wire.writable();
		return client;
	}

	/** A client that has logged in, with an empty log. */
	function connected(options?: object): Client {
		open(options);
		wire.receive(CONNACK);
		wire.taken();
		wire.log.length = 0;
		return client;
	}

	const write = (data: unknown, options?: object) => wire.do(() => client.write(data, options));
	const read = (wanted?: number | ArrayBufferView) => wire.do(() => client.read(wanted));
	const ERROR = ["error", 0, true, 0];

	/** The packets that were sent since the last look. */
	function packets(): Packet[] {
		const found: Packet[] = [];
		const parser = makeParser({ protocolVersion: 4 });
		parser.on("packet", (packet) => found.push(packet));
		parser.parse(wire.taken());
		return found;
	}

	const commands = () => packets().map(({ cmd }) => cmd);

	describe("connecting", () => {
		it("needs a host, and takes 1883 where no port is given", () => {
			assert.throws(() => make({ host: undefined }), /host required/);
			make();
			wire.resolve();
			const { host, address, port } = wire.socket ?? {};
			assert.deepEqual([host, address, port], ["broker", "192.0.2.1", 1_883]);
		});

		it("says who it is, with the keep-alive rounded up to seconds", () => {
			open({ keepAlive: 60_001, user: "me", password: Uint8Array.of(1, 2).buffer, clean: false, port: 1 });
			const [connect] = packets();
			assert.ok(connect?.cmd === "connect");
			const { clientId, keepalive, clean, username, password } = connect;
			assert.deepEqual([clientId, keepalive, clean, username], ["alpha", 61, false, "me"]);
			assert.deepEqual([...(password ?? [])], [1, 2]);
			assert.equal(wire.socket?.port, 1);
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
			wire.writable(1_000);
			assert.deepEqual(wire.log, []);
			wire.receive(CONNACK);
			assert.deepEqual(wire.log, [
				["control", Client.CONNACK, true],
				["writable", 1_000 - OVERHEAD_BYTES, true],
			]);
		});

		it("tells CONNACK's code, and which packet was acknowledged", () => {
			const messages: unknown[] = [];
			open({ onControl: (message: object) => messages.push({ ...message }) });
			wire.receive(CONNACK);
			wire.receive(generate({ cmd: "puback", messageId: 0x102 }));
			wire.receive(generate({ cmd: "suback", messageId: 7, granted: [1, 128] }));
			wire.receive(PINGRESP);
			assert.deepEqual(messages, [
				{ operation: 2, returnCode: 0 },
				{ operation: 4, id: 0x102 },
				{ operation: 9, id: 7, payload: [1, 128] },
				{ operation: 13 },
			]);
		});

		it("a refused CONNACK is an error, not a control message", () => {
			open();
			wire.receive(generate({ cmd: "connack", returnCode: 5, sessionPresent: false }));
			assert.deepEqual(wire.log, [ERROR]);
			assert.equal(wire.closed, 1);
		});

		it("a name that has no address is an error", () => {
			make();
			wire.unresolved();
			assert.deepEqual(wire.log, [ERROR]);
		});

		it("a socket that cannot be made is an error", () => {
			wire.refusal = new Error("no memory");
			make();
			wire.resolve();
			assert.deepEqual(wire.log, [ERROR]);
		});

		it("gives the socket 30 s, from when the name is resolved", () => {
			make();
			wire.pass(60_000);
			wire.resolve();
			wire.pass(29_999);
			assert.deepEqual(wire.log, []);
			wire.pass(1);
			assert.deepEqual(wire.log, [ERROR]);
			assert.equal(wire.closed, 1);
		});

		it("waits for CONNACK for ever where there is no keep-alive", () => {
			open();
			wire.pass(86_400_000);
			assert.deepEqual(wire.log, []);
		});

		it("waits for CONNACK for one keep-alive: the ping cannot go out", () => {
			open({ keepAlive: 60_000 });
			wire.pass(59_999);
			assert.deepEqual(wire.log, []);
			wire.pass(1);
			assert.deepEqual(wire.log, [ERROR]);
		});
	});

	describe("writing", () => {
		it("throws while there is no connection", () => {
			make();
			assert.throws(() => write(Buffer.of(1), { topic: "t" }));
			wire.resolve();
			assert.throws(() => write(Buffer.of(1), { topic: "t" }));
			wire.writable();
			assert.throws(() => write(Buffer.of(1), { topic: "t" }));
			assert.deepEqual(commands(), ["connect"]);
		});

		it("returns the room that is left, less what it keeps", () => {
			connected();
			wire.writable(100);
			const bytes = 1 + 1 + 2 + 1 + 10;
			assert.equal(write(Buffer.alloc(10), { topic: "t" }), 100 - bytes - OVERHEAD_BYTES);
			wire.writable(bytes + OVERHEAD_BYTES);
			assert.equal(write(Buffer.alloc(10), { topic: "t" }), 0);
		});

		it("throws overflow above the room, of which all may be used", () => {
			connected();
			wire.writable(20);
			assert.throws(() => write(Buffer.alloc(16), { topic: "t" }), /overflow/);
			assert.equal(write(Buffer.alloc(15), { topic: "t" }), 0);
			assert.throws(() => write(null, { operation: 8, items: [{ topic: "t" }] }), /overflow/);
			assert.throws(() => write(null, { operation: 10, items: [{ topic: "t" }] }), /overflow/);
			assert.throws(() => write(null, { operation: 14 }), /overflow/);
			assert.deepEqual(commands(), ["publish"]);
		});

		it("calls onWritable as the socket does, but for the last 8 bytes", () => {
			connected();
			for (const room of [9, 8, 0, 1_000]) wire.writable(room);
			assert.deepEqual(wire.log, [
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

		it("takes a payload in pieces; beyond the room it would block, and may be tried again", () => {
			connected();
			wire.writable(40);
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
			wire.log.length = 0;
			wire.writable(100);
			assert.deepEqual(wire.log, [["writable", 92, true]]);
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
			wire.room = 2_000_000;
			wire.writable();
			for (let i = 1; i < 65_535; i += 1) write(Buffer.of(1), { topic: "t", QoS: i === 2 ? 1 : 0 });
			write(Buffer.of(1), { topic: "t", QoS: 1 });
			const ids = packets().flatMap((packet) => (packet.cmd === "publish" && packet.qos === 1 ? packet.messageId : []));
			assert.deepEqual(ids, [3, 0]);
		});

		it("throws where the other side has closed", () => {
			connected();
			wire.isReady = false;
			assert.throws(() => write(Buffer.of(1), { topic: "t" }), /not ready/);
		});
	});

	describe("reading", () => {
		it("hands on a payload in the pieces that come: the topic with the first, more until the last", () => {
			const pieces: unknown[] = [];
			connected({ onReadable: (count: number, how: object) => pieces.push([textOf(client.read(count)), how]) });
			const packet = publish("a/b", "hello world");
			const payloadAt = packet.byteLength - 11;
			wire.receive(packet.subarray(0, payloadAt + 2));
			wire.receive(packet.subarray(payloadAt + 2, payloadAt + 7));
			wire.receive(packet.subarray(payloadAt + 7));
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
					heard.push(`${topic}:${textOf(client.read(count))}`),
			});
			for (const byte of publish("a/b", "x")) wire.receive(Buffer.of(byte));
			wire.receive(Buffer.concat([publish("c", "y"), PINGRESP, publish("d", "z", 0)]));
			assert.deepEqual(heard, ["a/b:x", "c:y", "d:z"]);
			assert.deepEqual(wire.log, [["control", 13, true]]);
		});

		it("stops at a piece that is not read, and goes on once it is", () => {
			connected();
			wire.receive(Buffer.concat([publish("a", "12345", 0), publish("b", "67", 0)]));
			wire.receive(publish("c", "8", 0));
			wire.pass(1_000);
			assert.equal(wire.log.length, 1);
			assert.equal(textOf(read(2)), "12");
			wire.pass();
			assert.equal(wire.log.length, 1);
			assert.equal(textOf(read()), "345");
			assert.equal(wire.log.length, 1, "not from within read");
			wire.pass();
			assert.deepEqual(wire.log[1], ["readable", 2, { more: false, topic: "b", QoS: 0, byteLength: 2 }, true]);
			assert.equal(textOf(read(100)), "67");
			assert.equal(read(1), undefined);
			wire.pass();
			assert.equal(wire.log.length, 3);
		});

		it("reads into a buffer, and returns how many bytes", () => {
			connected();
			wire.receive(publish("a", "12345", 0));
			const bytes = new Uint8Array(10);
			assert.equal(read(bytes.subarray(1, 3)), 2);
			assert.equal(read(new DataView(bytes.buffer, 3)), 3);
			assert.equal(textOf(bytes.subarray(1, 6)), "12345");
			assert.equal(read(bytes), undefined);
			assert.throws(() => read(new Uint16Array(2)), /invalid buffer/);
		});

		it("acknowledges from a timer, be it that nothing was read", () => {
			connected();
			wire.receive(publish("a/b", "x"));
			assert.deepEqual(commands(), []);
			wire.pass();
			assert.deepEqual(commands(), ["puback"]);
			wire.receive(Buffer.of());
		});

		it("holds back what it has to say while there is no room, or a payload is under way", () => {
			connected();
			write(Buffer.of(1), { topic: "t", byteLength: 2 });
			wire.receive(publish("a/b", "x"));
			wire.pass();
			assert.deepEqual(commands(), []);
			wire.log.length = 0;
			write(Buffer.of(2));
			wire.taken();
			wire.writable(3);
			assert.deepEqual([wire.log, commands()], [[], []]);
			wire.writable(20);
			assert.deepEqual([wire.log, commands()], [[["writable", 8, true]], ["puback"]]);
		});

		it("does its part of QoS 2", () => {
			connected();
			wire.receive(publish("a/b", "x", 2, 6));
			wire.pass();
			read();
			wire.receive(generate({ cmd: "pubrel", messageId: 6 }));
			wire.pass();
			wire.receive(generate({ cmd: "pubrec", messageId: 8 }));
			wire.pass();
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
			wire.receive(publish("a/b", ""));
			wire.receive(publish("a/b", "x"));
			wire.pass(1_000);
			assert.deepEqual([wire.log, commands()], [[], []]);
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
				wire.receive(Uint8Array.from(bytes));
				assert.deepEqual(wire.log, [ERROR]);
				assert.equal(wire.closed, 1);
			});
	});

	describe("keeping alive", () => {
		it("pings when three quarters of it have passed since the last ping", () => {
			connected({ keepAlive: 60_000 });
			wire.pass(44_999);
			assert.deepEqual(commands(), []);
			for (let i = 0; i < 4; i += 1) {
				wire.pass(i === 0 ? 1 : 45_000);
				assert.deepEqual(commands(), ["pingreq"], `ping ${i}`);
				wire.receive(PINGRESP);
			}
			assert.ok(!wire.log.some((entry) => (entry as string[])[0] === "error"));
		});

		it("a ping of the application's counts as one", () => {
			connected({ keepAlive: 60_000 });
			wire.pass(40_000);
			write(null, { operation: PINGREQ_OPERATION });
			wire.receive(PINGRESP);
			wire.taken();
			wire.pass(49_999);
			assert.deepEqual(commands(), []);
			wire.pass(1);
			assert.deepEqual(commands(), ["pingreq"]);
		});

		it("gives up 1.5 keep-alives after the last PINGRESP, whatever else comes", () => {
			const onReadable = (count: number) => client.read(count);
			connected({ keepAlive: 60_000, onReadable, onWritable: () => undefined });
			wire.pass(45_000);
			wire.receive(PINGRESP);
			for (let i = 0; i < 8; i += 1) {
				wire.pass(10_000);
				wire.receive(publish("a", "x", 0));
			}
			wire.pass(9_999);
			assert.deepEqual(wire.log, [["control", 13, true]]);
			wire.pass(1);
			assert.deepEqual(wire.log.at(-1), ERROR);
			assert.equal(wire.closed, 1);
		});

		it("gives up when a ping cannot be sent for a quarter of it", () => {
			connected({ keepAlive: 60_000 });
			wire.writable(0);
			wire.pass(59_999);
			assert.deepEqual(wire.log, []);
			wire.pass(1);
			assert.deepEqual(wire.log, [ERROR]);
		});
	});

	describe("ending", () => {
		it("a lost connection is one error, told before the socket is closed", () => {
			connected();
			wire.fail();
			assert.deepEqual(wire.log, [ERROR]);
			assert.equal(wire.closed, 1);
			assert.throws(() => write(Buffer.of(1), { topic: "t" }));
		});

		it("a second socket error is thrown: the machine ends", () => {
			connected();
			wire.fail();
			wire.fail();
			assert.match(wire.takeAbort(), /TypeError/);
			assert.deepEqual(wire.log, [ERROR]);
		});

		it("a name that is resolved after close() is thrown: the machine ends", () => {
			make();
			wire.do(() => client.close());
			wire.resolve();
			assert.match(wire.takeAbort(), /TypeError/);
			assert.deepEqual(wire.log, []);
		});

		it("sends no DISCONNECT, closes once, and calls nobody", () => {
			connected({ keepAlive: 60_000 });
			wire.receive(publish("a", "x"));
			wire.log.length = 0;
			wire.do(() => client.close());
			wire.do(() => client.close());
			wire.pass(600_000);
			assert.deepEqual([commands(), wire.closed, wire.log], [[], 1, []]);
		});

		for (const [callback, cause] of [
			["onControl", () => wire.receive(PINGRESP)],
			["onReadable", () => wire.receive(Buffer.concat([publish("a", "x"), publish("b", "y")]))],
			["onWritable", () => wire.writable()],
			["onError", () => wire.fail()],
		] as const)
			it(`may be closed in ${callback}`, () => {
				let calls = 0;
				let isArmed = false;
				connected({
					[callback]() {
						if (!isArmed) return;
						calls += 1;
						client.close();
					},
				});
				isArmed = true;
				cause();
				wire.pass(1_000);
				assert.deepEqual([calls, wire.closed, wire.log], [1, 1, []]);
			});

		it("may be closed when it has logged in: onWritable does not come", () => {
			open({ onControl: () => client.close() });
			wire.receive(CONNACK);
			assert.deepEqual([wire.log, wire.closed], [[], 1]);
		});

		it("an acknowledgement behind the other side's back is thrown: the machine ends", () => {
			connected();
			wire.receive(publish("a/b", "x"));
			wire.isReady = false;
			wire.pass();
			assert.match(wire.takeAbort(), /not ready/);
		});
	});
}
