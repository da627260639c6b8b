import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import minimalMain from "../../../examples/minimal/main.js";
import { xsProgram } from "../../xs/xs-app.js";
import { engines, xsApp } from "../kit/engines.js";
import { Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";
import { runJob } from "../kit/run-job.js";

const file = fileURLToPath(new URL("../../../examples/minimal/main.ts", import.meta.url));

for (const engine of engines)
	describe(`examples/minimal, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		let device: TestDevice;
		beforeEach(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
			const program = engine === "node" ? minimalMain : xsProgram(await xsApp(file));
			device = await lab.device(emulator, { program: () => program });
		});
		afterEach(() => lab.clear());

		it("reboots, and rejects what it does not do", async () => {
			const rebooted = await lab.passing(runJob(emulator, device, { operation: "reboot" }));
			assert.deepEqual([rebooted.status, device.boots], ["SUCCEEDED", 2]);
			const other = await lab.passing(runJob(emulator, device, { operation: "diagnostics" }));
			assert.deepEqual([other.status, other.statusDetails?.known], ["REJECTED", "reboot"]);
		});
	});
