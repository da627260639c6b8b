import assert from "node:assert/strict";
import { ended } from "../kit/executions.js";
import { Lab } from "../kit/lab.js";

describe("A reboot job", () => {
	let lab: Lab;
	beforeEach(() => {
		lab = new Lab();
	});
	afterEach(() => lab.clear());

	it("may come as AWS's template AWS-Reboot; another template is REJECTED", async () => {
		const emulator = await lab.emulator();
		const device = await lab.device(emulator);
		const steps = (handler: string) => [
			{ action: { name: "x", type: "runHandler", input: { handler, path: "" }, runAsUser: "" } },
		];
		for (const [jobId, handler] of [
			["reboot", "reboot.sh"],
			["other", "install-packages.sh"],
		] as const) {
			emulator.service.createJob({ jobId, targets: ["alpha"], document: { version: "1.0", steps: steps(handler) } });
		}
		device.powerOn();
		const { status, statusDetails } = await ended(emulator, "other");
		assert.deepEqual([status, statusDetails?.reason], ["REJECTED", "unknownOperation"]);
		assert.equal(emulator.service.execution("alpha", "reboot")?.status, "SUCCEEDED");
		assert.equal(device.boots, 2);
	});
});
