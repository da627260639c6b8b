import assert from "node:assert/strict";
import { type Handler, HandlerRegistry } from "../../../src/agent/handler.js";
import { ended, Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";
import { mainWith } from "../kit/main-with.js";

const nothing = (operation: string): Handler => ({ operation, start: (_job, context) => context.succeed() });

describe("The registry of handlers", () => {
	it("takes an operation's name of 1 to 32 bytes, once", () => {
		const registry = new HandlerRegistry().add(nothing("a")).add(nothing("é".repeat(16)));
		for (const name of ["", "é".repeat(17), "x".repeat(33)]) {
			assert.throws(() => registry.add(nothing(name)), /1 to 32 bytes/);
		}
		assert.throws(() => registry.add(nothing("a")), /"a" has a handler/);
		assert.equal(registry.names(), `a ${"é".repeat(16)}`);
	});
});

/** An application's handlers may be wrong: the agent, the device and the next job are not harmed. */
describe("A handler that", () => {
	let bench: Lab;
	let emulator: TestEmulator;
	beforeEach(async () => {
		bench = new Lab();
		emulator = await bench.emulator();
	});
	afterEach(() => bench.clear());

	async function run(handler: Partial<Handler>): Promise<TestDevice> {
		const own = [{ ...nothing("bad"), ...handler }, nothing("good")];
		const device = await bench.device(emulator, { program: () => () => mainWith(own) });
		for (const operation of ["bad", "good"]) {
			emulator.service.createJob({ jobId: operation, targets: ["alpha"], document: { operation } });
		}
		device.powerOn();
		return device;
	}

	async function assertNextIsDone(device: TestDevice): Promise<void> {
		assert.equal((await ended(emulator, "good")).status, "SUCCEEDED", device.lines.join("\n"));
		assert.deepEqual([device.boots, device.aborts], [1, 0]);
	}

	it("keeps more in a checkpoint than there is room for ends FAILED with handlerError, and the size", async () => {
		const device = await run({ start: (_job, context) => context.checkpoint(new Uint8Array(97)) });
		const { status, statusDetails } = await ended(emulator, "bad");
		assert.deepEqual([status, statusDetails?.reason], ["FAILED", "handlerError"]);
		assert.match(statusDetails?.error ?? "", /97 bytes; at most 96/);
		await assertNextIsDone(device);
	});

	it("throws, and throws again when it is told to stop, ends FAILED with what it threw first", async () => {
		const device = await run({
			start: () => {
				throw new Error("first");
			},
			cancel: () => {
				throw new Error("second");
			},
		});
		const { status, statusDetails } = await ended(emulator, "bad");
		assert.deepEqual([status, statusDetails], ["FAILED", { reason: "handlerError", error: "Error: first" }]);
		await assertNextIsDone(device);
		assert.ok(device.lines.some((line) => line === "bad: cancel threw Error: second"));
	});

	it("throws at a document that is not its own does not take it: the job is REJECTED, and the next one done", async () => {
		const device = await run({
			accepts: ({ steps }) => (steps as string[]).length > 0,
		});
		emulator.service.createJob({ jobId: "odd", targets: ["alpha"], document: { colour: "red" } });
		const { status, statusDetails } = await ended(emulator, "odd");
		assert.deepEqual([status, statusDetails?.reason], ["REJECTED", "unknownOperation"]);
		await assertNextIsDone(device);
	});

	it("throws as the agent starts is used all the same", async () => {
		const device = await run({
			atBoot: () => {
				throw new Error("no sensor");
			},
		});
		assert.equal((await ended(emulator, "bad")).status, "SUCCEEDED");
		await assertNextIsDone(device);
		assert.equal(device.lines[0], "bad: started threw Error: no sensor");
	});

	it("throws in a callback of `after` ends FAILED, and its other timers end with its job", async () => {
		const called: string[] = [];
		const device = await run({
			start: (_job, context) => {
				context.after(20, () => called.push("too late"));
				context.after(10, () => {
					called.push("in time");
					throw new Error("late");
				});
			},
		});
		const { status, statusDetails } = await bench.passing(ended(emulator, "bad"));
		assert.deepEqual([status, statusDetails], ["FAILED", { reason: "handlerError", error: "Error: late" }]);
		await assertNextIsDone(device);
		assert.deepEqual(called, ["in time"]);
	});

	it("asks for a reset and ends its job before it: the service is told, then the device is reset, and does the next job", async () => {
		const device = await run({
			start: (_job, context) => {
				context.restart();
				context.succeed();
			},
		});
		assert.equal((await ended(emulator, "bad")).status, "SUCCEEDED");
		assert.equal((await ended(emulator, "good")).status, "SUCCEEDED");
		assert.deepEqual([device.boots, device.aborts], [2, 0]);
	});

	it("reports after the end, twice, or something else, is not heard: the first word counts", async () => {
		const device = await run({
			start: (_job, context) => {
				context.succeed({ first: "yes" });
				context.fail("handlerError");
				context.succeed({ second: "yes" });
				context.progress({ percent: "50" });
			},
		});
		const { status, statusDetails, versionNumber } = await ended(emulator, "bad");
		assert.deepEqual([status, statusDetails, versionNumber], ["SUCCEEDED", { first: "yes" }, 3]);
		await assertNextIsDone(device);
	});
});
