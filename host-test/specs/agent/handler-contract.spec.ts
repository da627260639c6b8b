import assert from "node:assert/strict";
import type { Handler } from "../../../src/agent/handler.js";
import { type HandlerMaker, HandlerRegistry } from "../../../src/agent/handler-registry.js";
import { ended } from "../kit/executions.js";
import { Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";
import { mainWith } from "../kit/main-with.js";

const nothing = (operation: string): Handler => ({ operation, start: (_job, context) => context.succeed() });

describe("The registry of handlers", () => {
	it("takes the name of an operation once, with 1 to 32 bytes", () => {
		const registry = new HandlerRegistry().add(nothing("a")).add(nothing("é".repeat(16)));
		for (const name of ["", "é".repeat(17), "x".repeat(33)]) {
			assert.throws(() => registry.add(nothing(name)), /1 to 32 bytes/);
		}
		assert.throws(() => registry.add(nothing("a")), /"a" has a handler/);
		assert.equal(registry.names(), `a ${"é".repeat(16)}`);
	});
});

describe("A handler that is made when a job asks for it", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
	});
	afterEach(() => lab.clear());

	/** @param made is told what is made and called, each with the number of the line in which it was made */
	function maker(made: string[], isOnTrial: boolean): HandlerMaker {
		return {
			operation: "rare",
			isOnTrial: () => isOnTrial,
			makeHandler() {
				const name = `${made.push("made")}`;
				return {
					...nothing("rare"),
					atBoot: () => void made.push(`boot ${name}`),
					start(_job, context) {
						context.checkpoint(new Uint8Array([1]));
						context.restart();
					},
					resume: (_job, context) => context.succeed({ name }),
					beforeNetwork: () => void made.push(`before ${name}`),
				};
			},
		};
	}

	for (const [what, isOnTrial, expected] of [
		["is another one for each boot and job", false, ["made", "made", "before 2", "made", "made", "before 5"]],
		[
			"is made at once, and stays, while something is on trial",
			true,
			["made", "boot 1", "made", "boot 3", "before 3", "made", "boot 6", "before 6"],
		],
	] as const) {
		it(what, async () => {
			const made: string[] = [];
			const device = await lab.device(emulator, { program: () => () => mainWith([maker(made, isOnTrial)]) });
			device.powerOn();
			for (const jobId of ["first", "second"]) {
				emulator.service.createJob({ jobId, targets: ["alpha"], document: { operation: "rare" } });
				const { status, statusDetails } = await ended(emulator, jobId);
				assert.equal(status, "SUCCEEDED", JSON.stringify(statusDetails));
			}
			assert.deepEqual(made, expected);
		});
	}
});

/** An application's handlers may be wrong: the agent, the device and the next job are not harmed. */
describe("A handler that", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
	});
	afterEach(() => lab.clear());

	async function run(handler: Partial<Handler>): Promise<TestDevice> {
		const own = [{ ...nothing("bad"), ...handler }, nothing("good")];
		const device = await lab.device(emulator, { program: () => () => mainWith(own) });
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

	it("writes a checkpoint that is too large ends FAILED with the size", async () => {
		const device = await run({ start: (_job, context) => context.checkpoint(new Uint8Array(97)) });
		const { status, statusDetails } = await ended(emulator, "bad");
		assert.deepEqual([status, statusDetails?.reason], ["FAILED", "handlerError"]);
		assert.match(statusDetails?.error ?? "", /97 bytes; at most 96/);
		await assertNextIsDone(device);
	});

	it("throws in start and again in cancel ends FAILED with its first error", async () => {
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

	it("throws while it looks at a document does not take that job: REJECTED", async () => {
		const device = await run({
			understands: ({ steps }) => (steps as string[]).length > 0,
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
		assert.equal(device.lines[0], "bad: atBoot threw Error: no sensor");
	});

	it("throws in a callback of `after` ends FAILED; its other timers end as well", async () => {
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
		const { status, statusDetails } = await lab.passing(ended(emulator, "bad"));
		assert.deepEqual([status, statusDetails], ["FAILED", { reason: "handlerError", error: "Error: late" }]);
		await assertNextIsDone(device);
		assert.deepEqual(called, ["in time"]);
	});

	it("asks for a reset and succeeds before it: the service is told first", async () => {
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

	it("reports again after its end is not heard: its first result counts", async () => {
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
