import assert from "node:assert/strict";
import type { AgentEvent, Counters } from "../../../src/agent/events.js";
import type { EngineOptions } from "../../../src/agent/options.js";
import { LogLevel } from "../../../src/base/log.js";
import { ended, history, Lab, type TestDevice, type TestEmulator, turns } from "../kit/lab.js";
import { mainWith } from "../kit/main-with.js";
import { WaitHandler } from "../kit/wait-handler.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("The agent survives time", () => {
	let bench: Lab;
	let emulator: TestEmulator;
	let handler: WaitHandler;
	beforeEach(async () => {
		bench = new Lab();
		emulator = await bench.emulator();
		handler = new WaitHandler();
	});
	afterEach(() => bench.clear());

	async function start(options: Partial<EngineOptions> = {}): Promise<TestDevice> {
		const device = await bench.device(emulator, { program: () => () => mainWith([handler], options) });
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "wait" } });
		device.powerOn();
		await device.said(/job waits/);
		return device;
	}

	/** Hours go by for both sides, a minute at a time. @param each is done every quarter of an hour */
	async function pass(hours: number, each: () => void = () => undefined): Promise<void> {
		for (let minute = 1; minute <= hours * 60; minute += 1) {
			bench.clock.advance(MINUTE);
			emulator.clock.advance(MINUTE);
			if (minute % 15 === 0) each();
			await turns(10);
		}
	}

	const status = () => emulator.service.execution("alpha", "job")?.status;

	it("asks for a step timer, which ends the execution when the device is gone for good", async () => {
		const device = await start({ stepTimeoutMinutes: 60 });
		device.cutPower();
		emulator.clock.advance(HOUR - 1);
		assert.equal(status(), "IN_PROGRESS");
		emulator.clock.advance(1);
		assert.equal(status(), "TIMED_OUT");
	});

	it("keeps the step timer alive while the handler gives signs of life, with few reports and the details as they are", async () => {
		const device = await start({ stepTimeoutMinutes: 60, stallMinutes: 30 });
		device.enter(() => handler.context?.progress({ percent: "10" }));
		await turns();
		const states = history(emulator, "job");
		await pass(5, () => device.enter(() => handler.context?.alive()));
		assert.equal(status(), "IN_PROGRESS");
		assert.ok(states.length >= 5 && states.length <= 11, `${states.length} reports in 5 hours`);
		assert.deepEqual(states.at(-1)?.statusDetails, { percent: "10" });
		device.enter(() => handler.context?.succeed());
		assert.equal((await ended(emulator, "job")).status, "SUCCEEDED");
	});

	it("gives up a handler that makes no progress: FAILED with stalled, the handler told, the next job done", async () => {
		const device = await start({ stallMinutes: 30 });
		emulator.service.createJob({ jobId: "next", targets: ["alpha"], document: { operation: "dance" } });
		for (let minute = 0; minute < 29; minute += 1) bench.clock.advance(MINUTE);
		assert.deepEqual(handler.told, ["start job"]);
		bench.clock.advance(MINUTE);
		const { status, statusDetails } = await ended(emulator, "job");
		assert.deepEqual([status, statusDetails], ["FAILED", { reason: "stalled", minutes: "30" }]);
		assert.deepEqual(handler.told, ["start job", "cancel"]);
		await ended(emulator, "next");
		assert.equal(device.aborts, 0);
	});

	it("waits for days at a gate, with the step timer kept alive, and no handler given up", async () => {
		let proceed: (() => void) | undefined;
		const gate = (_step: string, go: () => void) => {
			proceed = go;
		};
		const device = await start({ stepTimeoutMinutes: 60, stallMinutes: 30, gate });
		device.enter(() => handler.context?.gate("reboot", () => handler.context?.succeed({ gate: "open" })));
		await pass(12);
		assert.equal(status(), "IN_PROGRESS");
		assert.deepEqual(handler.told, ["start job"]);
		device.enter(() => proceed?.());
		assert.deepEqual((await ended(emulator, "job")).statusDetails, { gate: "open" });
	});

	it("is not let through a gate by the job before, which was taken away at its own", async () => {
		const gates: (() => void)[] = [];
		const device = await start({ stallMinutes: 30, gate: (_step, proceed) => void gates.push(proceed) });
		const wait = () =>
			device.enter(() => handler.context?.gate("reboot", () => handler.context?.succeed({ gate: "open" })));
		wait();
		emulator.service.createJob({ jobId: "next", targets: ["alpha"], document: { operation: "wait" } });
		emulator.service.execute("alpha", { type: "cancel", jobId: "job", force: true });
		await device.said(/next waits/);
		wait();
		device.enter(() => gates[0]?.());
		await pass(1);
		assert.equal(emulator.service.execution("alpha", "next")?.status, "IN_PROGRESS");
		device.enter(() => gates[1]?.());
		assert.deepEqual((await ended(emulator, "next")).statusDetails, { gate: "open" });
	});

	it("after most of the step timer has gone by without power, it is renewed at once", async () => {
		const device = await start({ stepTimeoutMinutes: 60 });
		device.enter(() => handler.context?.checkpoint(new Uint8Array([1]), { step: "one" }));
		await turns();
		device.cutPower();
		emulator.clock.advance(50 * MINUTE);
		device.powerOn();
		await device.said(/job waits again/);
		bench.clock.advance(MINUTE);
		await turns();
		emulator.clock.advance(30 * MINUTE);
		assert.equal(status(), "IN_PROGRESS");
	});

	it("by default a device may be without power for most of a day", async () => {
		const device = await start();
		device.cutPower();
		emulator.clock.advance(DAY - MINUTE);
		assert.equal(status(), "IN_PROGRESS");
		device.powerOn();
		await device.said(/job waits/, device.lines.length);
	});
});

describe("The agent survives a job that resets the device", () => {
	let bench: Lab;
	beforeEach(() => {
		bench = new Lab();
	});
	afterEach(() => bench.clear());

	it("again and again, though it writes checkpoints: FAILED with tooManyResets, the cause and the count", async () => {
		const emulator = await bench.emulator();
		const handler = new WaitHandler();
		const device = await bench.device(emulator, { program: () => () => mainWith([handler], { maxResets: 5 }) });
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "wait" } });
		device.powerOn();
		await device.said(/job waits/);
		for (let boot = 0; boot < 5; boot += 1) {
			const from = device.lines.length;
			device.enter(() => handler.context?.checkpoint(new Uint8Array([boot])));
			device.enter(() => {
				throw new Error("out of memory");
			});
			await device.said(/job waits again/, from);
		}
		device.enter(() => {
			throw new Error("out of memory");
		});
		const { status, statusDetails } = await ended(emulator, "job");
		assert.equal(status, "FAILED");
		assert.deepEqual(statusDetails, { reason: "tooManyResets", resetReason: "panic", boots: "6" });
	});
});

describe("The agent survives its flash", () => {
	let bench: Lab;
	let emulator: TestEmulator;
	beforeEach(async () => {
		bench = new Lab();
		emulator = await bench.emulator();
	});
	afterEach(() => bench.clear());

	const create = (operation = "reboot") =>
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation } });

	it("that cannot be written: the log says so, and the job is done all the same", async () => {
		const device = await bench.device(emulator);
		device.flash.failure = "full";
		create();
		device.powerOn();
		assert.equal((await ended(emulator, "job")).status, "SUCCEEDED");
		assert.ok(device.lines.some((line) => /the record could not be written: .*full/.test(line)));
		assert.equal(device.boots, 2);
		assert.equal(device.aborts, 0);
	});

	it("that cannot even be opened", async () => {
		const device = await bench.device(emulator);
		device.flash.failure = "unreadable";
		create();
		device.powerOn();
		assert.equal((await ended(emulator, "job")).status, "SUCCEEDED");
		assert.ok(device.lines.some((line) => /the record could not be written: .*cannot be opened/.test(line)));
		assert.equal(device.aborts, 0);
	});

	for (const [what, spoil] of [
		["garbage in one slot", (d: TestDevice) => d.flash.writeKey("iot-jobs", "a", Buffer.alloc(512, 0x5a))],
		[
			"garbage in both slots",
			(d: TestDevice) => {
				for (const key of ["a", "b"]) d.flash.writeKey("iot-jobs", key, Buffer.alloc(512, 0x5a));
			},
		],
		["a record of another length", (d: TestDevice) => d.flash.writeKey("iot-jobs", "b", Buffer.alloc(17))],
		["nothing left of it", (d: TestDevice) => d.flash.eraseKeys()],
	] as const) {
		it(`with ${what} after a power cut: the job ends, once`, async () => {
			const device = await bench.device(emulator);
			const states = history(emulator, "job");
			create();
			device.powerOn();
			await device.said(/claimed job/);
			device.cutPower();
			spoil(device);
			device.powerOn();
			assert.equal((await ended(emulator, "job")).status, "SUCCEEDED");
			assert.equal(states.filter(({ status }) => status === "SUCCEEDED").length, 1);
			assert.equal(device.aborts, 0);
		});
	}
});

describe("What the agent tells the application", () => {
	let bench: Lab;
	beforeEach(() => {
		bench = new Lab();
	});
	afterEach(() => bench.clear());

	it("events, from the connection to the end of a job, and counters", async () => {
		const emulator = await bench.emulator();
		const events: AgentEvent[] = [];
		const handler = new WaitHandler();
		let counters: Counters | undefined;
		const program = () => {
			counters = mainWith([handler], { onEvent: (event) => void events.push(event) }).counters;
		};
		const device = await bench.device(emulator, { program: () => program });
		device.powerOn();
		await device.said(/nothing is pending/);
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "wait" } });
		await device.said(/job waits/);
		emulator.faults.add({ action: "error", topic: "*/update", code: "RequestThrottled", times: 1 });
		device.enter(() => handler.context?.progress({ percent: "50" }));
		await device.said(/rejected: RequestThrottled/);
		bench.clock.advance(1_000);
		await turns();
		device.enter(() => handler.context?.succeed({ done: "yes" }));
		await device.said(/job is over/);
		while (events.at(-1)?.type !== "idle") await turns();
		emulator.broker.disconnect("alpha");
		await device.said(/connection given up/);
		const execution = { jobId: "job", executionNumber: 1 };
		assert.deepEqual(events, [
			{ type: "online" },
			{ type: "idle" },
			{ type: "claimed", ...execution },
			{ type: "error", text: "rejected: RequestThrottled a fault was asked for" },
			{ type: "reported", ...execution, status: "IN_PROGRESS", details: { percent: "50" } },
			{ type: "reported", ...execution, status: "SUCCEEDED", details: { done: "yes" } },
			{ type: "idle" },
			{ type: "error", text: "connection given up: the socket failed" },
			{ type: "offline" },
		]);
		const { connections, requests, resends, rejections, ignored, recordWrites } = counters as Counters;
		assert.deepEqual([connections, requests, resends, rejections, ignored], [1, 5, 0, 1, 0]);
		assert.equal(recordWrites, device.storageWrites);
	});

	it("as much of the log as it wants; a hook, or a log, that throws does no harm", async () => {
		const emulator = await bench.emulator();
		const levels: number[] = [];
		const log = (_text: string, level: number) => {
			levels.push(level);
			throw new Error("the display is broken");
		};
		const onEvent = () => {
			throw new Error("the display is broken");
		};
		let logLevel: LogLevel = LogLevel.debug;
		const device = await bench.device(emulator, { program: () => () => mainWith([], { log, logLevel, onEvent }) });
		emulator.service.createJob({ jobId: "one", targets: ["alpha"], document: { operation: "dance" } });
		device.powerOn();
		await ended(emulator, "one");
		assert.deepEqual([...new Set(levels)].sort(), [LogLevel.info, LogLevel.debug]);
		levels.length = 0;
		logLevel = LogLevel.none;
		device.reset();
		emulator.service.createJob({ jobId: "two", targets: ["alpha"], document: { operation: "dance" } });
		await ended(emulator, "two");
		assert.deepEqual(levels, []);
		assert.equal(device.aborts, 0);
	});
});
