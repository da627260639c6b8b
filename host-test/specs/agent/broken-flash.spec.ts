import assert from "node:assert/strict";
import { ended, history } from "../kit/executions.js";
import { Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";

describe("The agent on broken flash", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
	});
	afterEach(() => lab.clear());

	const create = (operation = "reboot") =>
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation } });

	it("does a job without a reset although the record cannot be written, and logs it", async () => {
		const device = await lab.device(emulator);
		device.flash.failure = "full";
		create("diagnostics");
		device.powerOn();
		assert.equal((await ended(emulator, "job")).status, "SUCCEEDED");
		assert.ok(
			device.lines.some((line) => /the record could not be written: .*ESP_ERR_NVS_NOT_ENOUGH_SPACE/.test(line)),
		);
		assert.equal(device.aborts, 0);
	});

	it("does a job without a reset although the storage cannot be opened, and logs it", async () => {
		const device = await lab.device(emulator);
		device.flash.failure = "unreadable";
		create("diagnostics");
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
		["no record", (d: TestDevice) => d.flash.eraseKeys()],
	] as const) {
		it(`ends the job once after a power cut that leaves ${what}`, async () => {
			const device = await lab.device(emulator);
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
