import assert from "node:assert/strict";
import type { AgentEvent, Counters } from "../../../src/agent/events.js";
import { LogLevel } from "../../../src/base/log.js";
import { ended } from "../kit/executions.js";
import { Lab, turns } from "../kit/lab.js";
import { mainWith } from "../kit/main-with.js";
import { WaitHandler } from "../kit/wait-handler.js";

describe("What the agent tells the application", () => {
	let lab: Lab;
	beforeEach(() => {
		lab = new Lab();
	});
	afterEach(() => lab.clear());

	it("events from the connection to the end of a job, and counters", async () => {
		const emulator = await lab.emulator();
		const events: AgentEvent[] = [];
		const handler = new WaitHandler();
		let counters: Counters | undefined;
		const program = () => {
			counters = mainWith([handler], { onEvent: (event) => void events.push(event) }).counters;
		};
		const device = await lab.device(emulator, { program: () => program });
		device.powerOn();
		await device.said(/nothing is pending/);
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "wait" } });
		await device.said(/job waits/);
		emulator.faults.add({ action: "error", topic: "*/update", code: "RequestThrottled", times: 1 });
		device.enter(() => handler.context?.progress({ percent: "50" }));
		await device.said(/rejected: RequestThrottled/);
		lab.clock.advance(1_000);
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

	it("the log up to its level; a log or an event hook that throws does no harm", async () => {
		const emulator = await lab.emulator();
		const levels: number[] = [];
		const log = (_text: string, level: number) => {
			levels.push(level);
			throw new Error("the display is broken");
		};
		const onEvent = () => {
			throw new Error("the display is broken");
		};
		let logLevel: LogLevel = LogLevel.debug;
		const device = await lab.device(emulator, { program: () => () => mainWith([], { log, logLevel, onEvent }) });
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
