import assert from "node:assert/strict";
import fc from "fast-check";
import type { MqttClientOptions, MqttNetwork, MqttWriteOptions } from "../../../src/link/mqtt.js";
import type { MqttAgent } from "../../../src/mqtt-agent.js";
import { mqttNetwork } from "../../../src/platform/mqtt-network.js";
import { credentialsOf, Lab, type TestDevice, turns } from "../kit/lab.js";
import { mainWith } from "../kit/main-with.js";
import { execution } from "../kit/scripted-broker.js";
import { WaitHandler } from "../kit/wait-handler.js";

const TOPICS = Number(process.env.FUZZ_TOPICS ?? 1_000_000);
const PAYLOADS = Number(process.env.FUZZ_PAYLOADS ?? 100_000);
const NOTIFICATIONS = PAYLOADS / 10;
const BASE = "$aws/things/alpha/jobs/";
const PACKET = { connAck: 2, subAck: 9 };

/** An MQTT client without a network: what it delivers is the test's, what it is given is kept. */
class FuzzedClient {
	static last: FuzzedClient | undefined;
	static made = 0;
	readonly sent: { topic: string; payload: Record<string, unknown> }[] = [];
	readonly target: unknown;
	readonly #options: MqttClientOptions;
	#piece: Uint8Array = new Uint8Array(0);

	constructor(options: MqttClientOptions) {
		this.#options = options;
		this.target = options.target;
		FuzzedClient.last = this;
		FuzzedClient.made += 1;
	}

	/** CONNACK, space, and SUBACK. */
	open(): void {
		this.#options.onControl.call(this, { operation: PACKET.connAck });
		this.#options.onWritable.call(this, 100_000);
		this.#options.onControl.call(this, { operation: PACKET.subAck, payload: new Uint8Array([1]) });
	}

	deliver(topic: string, bytes: Uint8Array): void {
		this.#piece = bytes;
		this.#options.onReadable.call(this, bytes.byteLength, { topic, byteLength: bytes.byteLength, QoS: 1, more: false });
	}

	read(into: Uint8Array): number {
		const bytes = this.#piece.subarray(0, into.byteLength);
		into.set(bytes);
		this.#piece = this.#piece.subarray(bytes.byteLength);
		return bytes.byteLength;
	}

	write(data: ArrayBuffer | Uint8Array | null, options: MqttWriteOptions = {}): number {
		if (data !== null) {
			const payload = JSON.parse(Buffer.from(data as Uint8Array).toString());
			this.sent.push({ topic: options.topic ?? "", payload });
		}
		return 100_000;
	}

	close(): void {}
}

describe("Fuzzing, through the callbacks that the platform calls", function () {
	this.timeout(600_000);
	let lab: Lab;
	let device: TestDevice;
	let agent: MqttAgent;
	let handler: WaitHandler;
	let client: FuzzedClient;
	beforeEach(async () => {
		lab = new Lab();
		lab.clock.hold();
		const emulator = await lab.emulator();
		handler = new WaitHandler();
		FuzzedClient.made = 0;
		const program = () => {
			const network = (): MqttNetwork => ({ ...mqttNetwork("127.0.0.1", 1), mqtt: { io: FuzzedClient as never } });
			agent = mainWith([handler], { network, startJitterMs: 0, logLevel: 0 } as never);
		};
		device = await lab.deviceAt("127.0.0.1", 1, { credentials: credentialsOf(emulator), program: () => program });
		device.powerOn();
		await pass();
		client = FuzzedClient.last as FuzzedClient;
		device.enter(() => client.open());
		await pass();
		// A job is running, and a request about it is in flight.
		const { topic, payload } = client.sent[0] as { topic: string; payload: { clientToken?: unknown } };
		const running = execution({ jobDocument: { operation: "wait" } });
		deliver(`${topic}/accepted`, JSON.stringify({ clientToken: payload.clientToken, execution: running }));
		await pass();
		device.enter(() => handler.context?.progress({ percent: "1" }));
		await pass();
		assert.equal(client.sent.length, 2);
	});
	afterEach(() => lab.clear());

	async function pass(): Promise<void> {
		for (let i = 0; i < 5; i += 1) {
			await turns(3);
			lab.clock.advance(1);
		}
	}

	function deliver(topic: string, payload: string | Uint8Array): void {
		device.enter(() => client.deliver(topic, Buffer.from(payload as string)));
	}

	/** Nothing was thrown, nothing was sent, stored, told to the handler, and the connection is the same. */
	async function nothingHappened(writes: number): Promise<void> {
		await pass();
		assert.equal(device.aborts, 0, device.lines.slice(-3).join("\n"));
		assert.equal(device.boots, 1);
		assert.equal(FuzzedClient.made, 1, "the connection was given up");
		assert.equal(client.sent.length, 2, JSON.stringify(client.sent.slice(2)));
		assert.equal(device.storageWrites, writes);
		assert.deepEqual(handler.told, ["start job"]);
		await reported();
		assert.deepEqual(client.sent[2]?.payload.expectedVersion, 3);
	}

	/** The answer that was waited for is taken, and the handler ends its job. */
	async function reported(): Promise<void> {
		const { topic, payload } = client.sent[1] as { topic: string; payload: { clientToken?: unknown } };
		const executionState = { status: "IN_PROGRESS", versionNumber: 3 };
		deliver(`${topic}/accepted`, JSON.stringify({ clientToken: payload.clientToken, executionState }));
		device.enter(() => handler.context?.succeed());
		await pass();
	}

	const own = [
		"notify",
		"notify-next",
		"start-next/accepted",
		"get/rejected",
		"job/update/accepted",
		"job/get/rejected",
	];
	const valid = fc.constantFrom(...own.map((rest) => BASE + rest));
	/** A valid topic with a piece cut out, doubled, or replaced; or anything. */
	const topic = fc.oneof(
		{ weight: 4, arbitrary: mutated(valid) },
		{ weight: 1, arbitrary: valid.map((text) => text.replace("alpha", "alphb")) },
		{ weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 80 }) },
	);

	it(`${TOPICS.toLocaleString("en-US")} topics: no throw, and no state changed by what is invalid`, async () => {
		const writes = device.storageWrites;
		// An empty execution would say that there is none, and be a notification like any other.
		const payload = Buffer.from('{"clientToken":"forged","execution":5}');
		const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
		for (const text of fc.sample(topic, { numRuns: TOPICS, seed })) deliver(text, payload);
		process.stdout.write(`      seed ${seed}, ${agent.counters.ignored} ignored\n`);
		await nothingHappened(writes);
	});

	it(`${PAYLOADS.toLocaleString("en-US")} payloads: no throw, and no state changed by what is invalid`, async () => {
		const writes = device.storageWrites;
		const good = [
			{ clientToken: "q9", timestamp: 1, execution: execution({ jobId: "other" }) },
			{ clientToken: "q9", executionState: { status: "SUCCEEDED", versionNumber: 3 } },
			{
				code: "VersionMismatch",
				message: "x",
				clientToken: "q9",
				executionState: { status: "FAILED", versionNumber: 9 },
			},
			{ timestamp: 1, jobs: { QUEUED: [] } },
		].map((value) => JSON.stringify(value));
		const bytes = fc.oneof(
			{ weight: 4, arbitrary: mutated(fc.constantFrom(...good)).map((text) => Buffer.from(text)) },
			{ weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 200 }).map((array) => Buffer.from(array)) },
			{ weight: 1, arbitrary: fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)) },
		);
		// Not notify-next: a valid notification changes what the agent asks for, and is a case of its own.
		const where = fc.constantFrom(...own.filter((rest) => rest !== "notify-next").map((rest) => BASE + rest));
		const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
		for (const [at, payload] of fc.sample(fc.tuple(where, bytes), { numRuns: PAYLOADS, seed })) {
			if (payload.byteLength > 0) deliver(at, payload);
		}
		process.stdout.write(`      seed ${seed}, ${agent.counters.ignored} ignored\n`);
		await nothingHappened(writes);
	});

	it(`${NOTIFICATIONS.toLocaleString("en-US")} notifications: one question at most follows, and the job goes on`, async () => {
		const writes = device.storageWrites;
		const good = JSON.stringify({ timestamp: 1, execution: execution({ jobId: "other" }) });
		const bytes = fc.oneof(
			mutated(fc.constant(good)).map((text) => Buffer.from(text)),
			fc.uint8Array({ minLength: 1, maxLength: 200 }).map((array) => Buffer.from(array)),
		);
		for (const payload of fc.sample(bytes, { numRuns: NOTIFICATIONS, seed: 1 })) {
			if (payload.byteLength > 0) deliver(`${BASE}notify-next`, payload);
		}
		await pass();
		assert.equal(device.aborts, 0);
		assert.equal(FuzzedClient.made, 1);
		assert.equal(device.storageWrites, writes);
		assert.deepEqual(handler.told, ["start job"]);
		assert.equal(client.sent.length, 2, "the report is still in flight");
		await reported();
		const [question, ...more] = client.sent.slice(2);
		assert.deepEqual([question?.topic, more], [`${BASE}job/get`, []]);
		const known = execution({ versionNumber: 3, jobDocument: undefined });
		deliver(`${BASE}job/get/accepted`, JSON.stringify({ ...question?.payload, execution: known }));
		await pass();
		const [, report] = client.sent.slice(2);
		assert.deepEqual([report?.payload.status, report?.payload.expectedVersion], ["SUCCEEDED", 3]);
	});
});

function mutated(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
	const noise = fc.oneof(
		fc.string({ unit: "binary", maxLength: 4 }),
		fc.constantFrom("/", "+", "#", "\0", '"', "{", "}", "1e999"),
	);
	return fc.tuple(texts, fc.nat(120), fc.nat(6), fc.nat(2), noise).map(([text, at, length, how, inserted]) => {
		const from = at % (text.length + 1);
		if (how === 0) return text.slice(0, from) + text.slice(from + length + 1);
		if (how === 1) return text.slice(0, from) + inserted + text.slice(from);
		return text.slice(0, from) + inserted + text.slice(from + length + 1);
	});
}
