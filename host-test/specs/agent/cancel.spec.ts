import assert from "node:assert/strict";
import { ended } from "../kit/executions.js";
import { publishImage } from "../kit/images.js";
import { Lab, type TestDevice, type TestEmulator, turns } from "../kit/lab.js";
import { mainWith } from "../kit/main-with.js";
import { WaitHandler } from "../kit/wait-handler.js";

const MINUTE = 60_000;

describe("A job that is taken away while it runs", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let handler: WaitHandler;
	let device: TestDevice;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
		handler = new WaitHandler();
		device = await lab.device(emulator, { program: () => () => mainWith([handler]) });
		emulator.service.createJob({
			...{ jobId: "job", targets: ["alpha"], document: { operation: "wait" } },
			timeoutConfig: { inProgressTimeoutInMinutes: 10 },
		});
		device.powerOn();
		await device.said(/job waits/);
		emulator.service.createJob({ jobId: "next", targets: ["alpha"], document: { operation: "dance" } });
	});
	afterEach(() => lab.clear());

	for (const [what, take, status] of [
		["cancelled", () => emulator.service.execute("alpha", { type: "cancel", jobId: "job", force: true }), "CANCELED"],
		["removed", () => emulator.service.execute("alpha", { type: "remove", jobId: "job", force: true }), "REMOVED"],
		["timed out", () => emulator.clock.advance(10 * MINUTE), "TIMED_OUT"],
		[
			"deleted",
			() => emulator.service.execute("alpha", { type: "delete", jobId: "job", executionNumber: 1, force: true }),
			undefined,
		],
		["deleted with its job", () => void emulator.service.deleteJob("job", true), undefined],
	] as const) {
		it(`is ${what}: the handler is told once, and the next job starts`, async () => {
			take();
			assert.equal((await ended(emulator, "next")).status, "REJECTED");
			assert.deepEqual(handler.told, ["start job", "cancel"]);
			assert.equal(emulator.service.execution("alpha", "job")?.status, status);
			assert.equal(device.aborts, 0);
			// Whatever the handler still says is not heard.
			const { context } = handler;
			device.enter(() => {
				context?.progress({ a: "b" });
				context?.checkpoint(new Uint8Array([1]));
				context?.succeed();
				context?.restart();
			});
			await turns();
			assert.equal(emulator.service.execution("alpha", "job")?.status, status);
			assert.equal(device.boots, 1);
		});
	}

	it("is noticed at the next report when the notification was lost", async () => {
		emulator.faults.add({ action: "lose", to: "device", topic: "*/notify-next" });
		emulator.service.execute("alpha", { type: "cancel", jobId: "job", force: true });
		await turns();
		assert.deepEqual(handler.told, ["start job"]);
		device.enter(() => handler.context?.progress({ percent: "50" }));
		assert.equal((await ended(emulator, "next")).status, "REJECTED");
		assert.deepEqual(handler.told, ["start job", "cancel"]);
	});
});

describe("A firmware job that is cancelled", () => {
	let lab: Lab;
	beforeEach(() => {
		lab = new Lab();
	});
	afterEach(() => lab.clear());

	it("stops its download, and the next job starts", async () => {
		const emulator = await lab.emulator({ imageBytesPerSecond: 10_000 });
		const device = await lab.device(emulator);
		emulator.service.createJob({ jobId: "update", targets: ["alpha"], document: publishImage(emulator).document });
		const downloading = new Promise((resolve) => device.once("flash", resolve));
		device.powerOn();
		await downloading;
		emulator.service.createJob({ jobId: "next", targets: ["alpha"], document: { operation: "reboot" } });
		emulator.service.execute("alpha", { type: "cancel", jobId: "update", force: true });
		assert.equal((await ended(emulator, "next")).status, "SUCCEEDED");
		assert.equal(device.running?.version, "1.0.0");
		assert.equal(device.aborts, 0);
	});
});
