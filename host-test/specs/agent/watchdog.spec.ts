import assert from "node:assert/strict";
import type { EngineOptions } from "../../../src/agent/options.js";
import { ended, history } from "../kit/executions.js";
import { Lab, type TestEmulator, turns } from "../kit/lab.js";
import { WaitHandler } from "../kit/wait-handler.js";
import { waitingDevice } from "../kit/waiting-device.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("The step timer and the limit for a stalled handler", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let handler: WaitHandler;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
		handler = new WaitHandler();
	});
	afterEach(() => lab.clear());

	const start = (options: Partial<EngineOptions> = {}) => waitingDevice(lab, emulator, handler, options);
	const status = () => emulator.service.execution("alpha", "job")?.status;

	it("the step timer ends the execution of a device that is gone for good", async () => {
		const device = await start({ stepTimeoutMinutes: 60 });
		device.cutPower();
		emulator.clock.advance(HOUR - 1);
		assert.equal(status(), "IN_PROGRESS");
		emulator.clock.advance(1);
		assert.equal(status(), "TIMED_OUT");
	});

	it("signs of life of the handler renew the step timer, with few reports", async () => {
		const device = await start({ stepTimeoutMinutes: 60, stallMinutes: 30 });
		device.enter(() => handler.context?.progress({ percent: "10" }));
		await turns();
		const states = history(emulator, "job");
		await lab.passHours(emulator, 5, () => device.enter(() => handler.context?.alive()));
		assert.equal(status(), "IN_PROGRESS");
		assert.ok(states.length >= 5 && states.length <= 11, `${states.length} reports in 5 hours`);
		assert.deepEqual(states.at(-1)?.statusDetails, { percent: "10" });
		device.enter(() => handler.context?.succeed());
		assert.equal((await ended(emulator, "job")).status, "SUCCEEDED");
	});

	it("a handler that makes no progress is told to stop: FAILED with stalled", async () => {
		const device = await start({ stallMinutes: 30 });
		emulator.service.createJob({ jobId: "next", targets: ["alpha"], document: { operation: "dance" } });
		for (let minute = 0; minute < 29; minute += 1) lab.clock.advance(MINUTE);
		assert.deepEqual(handler.told, ["start job"]);
		lab.clock.advance(MINUTE);
		const { status, statusDetails } = await ended(emulator, "job");
		assert.deepEqual([status, statusDetails], ["FAILED", { reason: "stalled", minutes: "30" }]);
		assert.deepEqual(handler.told, ["start job", "cancel"]);
		await ended(emulator, "next");
		assert.equal(device.aborts, 0);
	});

	it("a step timer that has mostly passed without power is renewed at once", async () => {
		const device = await start({ stepTimeoutMinutes: 60 });
		device.enter(() => handler.context?.checkpoint(new Uint8Array([1]), { step: "one" }));
		await turns();
		device.cutPower();
		emulator.clock.advance(50 * MINUTE);
		device.powerOn();
		await device.said(/job waits again/);
		lab.clock.advance(MINUTE);
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
