import assert from "node:assert/strict";
import { generate, parser as makeParser, type Packet } from "mqtt-packet";
import { VirtualClock } from "../../clock.js";
import MQTTClient from "../../ecma419/mqtt-client.js";
import type { Hardware } from "../../machine/hardware.js";
import { Machine } from "../../machine/machine.js";

interface SocketOptions {
	onReadable(count: number): void;
	onWritable(count: number): void;
	onError(): void;
}

/** A socket and a resolver whose every event is the test's, as the survey of the SDK's client used them. */
class Wire {
	readonly machine: Machine;
	readonly clock = new VirtualClock();
	readonly sent: Packet[] = [];
	readonly aborts: string[] = [];
	/** What the socket says it can take. */
	space = 1_000_000;
	/** False once the other side has closed. */
	isReady = true;
	socket: SocketOptions | undefined;
	resolve: (() => void) | undefined;
	readonly #incoming: Buffer[] = [];
	readonly #parser = makeParser({ protocolVersion: 4 });

	constructor() {
		this.#parser.on("packet", (packet) => this.sent.push(packet));
		this.clock.hold();
		const hardware: Partial<Hardware> = {
			clock: this.clock,
			trace: () => undefined,
			ended: (_how, detail) => this.aborts.push(detail),
		};
		this.machine = new Machine(hardware as Hardware);
	}

	make(callbacks: object = {}): MQTTClient {
		const wire = this;
		let client: MQTTClient | undefined;
		this.machine.enter(() => {
			client = new MQTTClient({
				host: "broker",
				id: "alpha",
				dns: {
					io: class {
						resolve(options: { onResolved(host: string, address: string): void }): void {
							wire.resolve = () => wire.machine.enter(() => options.onResolved("broker", "127.0.0.1"));
						}
					} as never,
				},
				socket: {
					io: class {
						constructor(options: SocketOptions) {
							wire.socket = options;
						}
						read(): ArrayBuffer | undefined {
							const bytes = wire.#incoming.shift();
							return bytes && Uint8Array.from(bytes).buffer;
						}
						write(bytes: Uint8Array): number {
							if (!wire.isReady) throw new Error("not ready");
							wire.#parser.parse(Buffer.from(bytes));
							return wire.space;
						}
						close(): void {}
					} as never,
				},
				...callbacks,
			});
		});
		return client as MQTTClient;
	}

	/** A client that has logged in. */
	connected(callbacks: object = {}): MQTTClient {
		const client = this.make(callbacks);
		this.resolve?.();
		this.machine.enter(() => this.socket?.onWritable(this.space));
		this.receive(generate({ cmd: "connack", returnCode: 0, sessionPresent: false }));
		return client;
	}

	receive(bytes: Buffer): void {
		this.#incoming.push(bytes);
		this.machine.enter(() => this.socket?.onReadable(bytes.byteLength));
	}
}

function publish(topic: string, payload: string, messageId = 5): Buffer {
	return generate({ cmd: "publish", topic, payload, qos: 1, messageId, retain: false, dup: false });
}

/** What the client of the SDK 8.2.3 does (embedded:network/mqtt/client), defects included. */
describe("The ECMA-419 MQTT client on the host", () => {
	let wire: Wire;
	beforeEach(() => {
		wire = new Wire();
	});

	it("connects with its id and keep-alive, and hands CONNACK to onControl", () => {
		const controls: number[] = [];
		wire.connected({
			keepAlive: 60_000,
			onControl: ({ operation }: { operation: number }) => controls.push(operation),
		});
		const [connect] = wire.sent;
		assert.ok(connect?.cmd === "connect");
		assert.deepEqual([connect.clientId, connect.clean, connect.keepalive], ["alpha", true, 60]);
		assert.deepEqual(controls, [MQTTClient.CONNACK]);
	});

	it("hands a refused CONNACK to onError, not to onControl", () => {
		let errors = 0;
		wire.make({ onError: () => (errors += 1), onControl: () => assert.fail("onControl") });
		wire.resolve?.();
		wire.machine.enter(() => wire.socket?.onWritable(wire.space));
		wire.receive(generate({ cmd: "connack", returnCode: 5, sessionPresent: false }));
		assert.equal(errors, 1);
	});

	it("delivers a payload in pieces: topic with the first, more until the last", () => {
		const pieces: [string, object][] = [];
		const client = wire.connected({
			onReadable: (count: number, options: object) =>
				pieces.push([Buffer.from(client.read(count) as ArrayBuffer).toString(), options]),
		});
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

	it("delivers a packet whose header comes byte by byte", () => {
		const heard: string[] = [];
		const client = wire.connected({
			onReadable: (count: number, { topic }: { topic?: string }) =>
				heard.push(`${topic}:${Buffer.from(client.read(count) as ArrayBuffer)}`),
		});
		for (const byte of publish("a/b", "x")) wire.receive(Buffer.of(byte));
		assert.deepEqual(heard, ["a/b:x"]);
	});

	it("sends the PUBACK from a timer, be it that nothing of the message was read", () => {
		wire.connected();
		wire.receive(publish("a/b", "x"));
		assert.equal(wire.sent.at(-1)?.cmd, "connect");
		wire.clock.advance(0);
		assert.equal(wire.sent.at(-1)?.cmd, "puback");
	});

	it("sends it out of a timer: what TCP throws there ends the machine", () => {
		wire.connected();
		wire.receive(publish("a/b", "x"));
		wire.isReady = false;
		wire.clock.advance(0);
		assert.match(wire.aborts.join(), /not ready/);
	});

	it("is wedged by an empty payload: nothing after it is delivered", () => {
		let readable = 0;
		wire.connected({ onReadable: () => (readable += 1) });
		wire.receive(publish("a/b", ""));
		wire.receive(publish("a/b", "x"));
		assert.equal(readable, 0);
		assert.deepEqual(wire.aborts, []);
	});

	it("throws overflow above the free space, and takes long payloads in pieces", () => {
		const client = wire.connected();
		wire.space = 20;
		wire.machine.enter(() => wire.socket?.onWritable(20));
		const payload = Buffer.alloc(40, 0x61);
		wire.machine.enter(() => {
			assert.throws(() => client.write(payload, { topic: "t", QoS: 1, id: 9 }), /overflow/);
			assert.equal(client.write(payload.subarray(0, 10), { topic: "t", QoS: 1, id: 9, byteLength: 40 }), 20);
			client.write(payload.subarray(10, 30));
			client.write(payload.subarray(30));
		});
		const sent = wire.sent.at(-1);
		assert.ok(sent?.cmd === "publish");
		assert.deepEqual([sent.messageId, sent.payload.toString()], [9, "a".repeat(40)]);
	});

	it("chooses packet ids that never wrap: the 65,535th is 0", () => {
		const client = wire.connected();
		wire.machine.enter(() => {
			for (let i = 1; i < 65_535; i += 1) client.write(Buffer.of(1), { topic: "t", QoS: 1 });
		});
		assert.ok(wire.sent.every((packet) => packet.cmd !== "publish" || packet.messageId !== 0));
		wire.machine.enter(() => client.write(Buffer.of(1), { topic: "t", QoS: 1 }));
		const last = wire.sent.at(-1);
		assert.equal(last?.cmd === "publish" && last.messageId, 0);
	});

	it("throws in the resolver's callback once it is closed: the machine ends", () => {
		const client = wire.make();
		wire.machine.enter(() => client.close());
		wire.resolve?.();
		assert.equal(wire.aborts.length, 1);
	});

	it("lets a second socket error through: the machine ends", () => {
		let errors = 0;
		wire.connected({ onError: () => (errors += 1) });
		const { socket } = wire;
		wire.machine.enter(() => socket?.onError());
		assert.equal(wire.aborts.length, 0);
		wire.machine.enter(() => socket?.onError());
		assert.equal(errors, 1);
		assert.equal(wire.aborts.length, 1);
	});

	it("sends no DISCONNECT when it is closed; one that is written goes out", () => {
		const client = wire.connected();
		wire.machine.enter(() => client.write(null, { operation: MQTTClient.DISCONNECT }));
		assert.equal(wire.sent.at(-1)?.cmd, "disconnect");
		const before = wire.sent.length;
		wire.machine.enter(() => client.close());
		assert.equal(wire.sent.length, before);
	});
});
