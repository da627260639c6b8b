import assert from "node:assert/strict";
import { ended, Lab } from "../kit/lab.js";

describe("A reboot job", () => {
	let bench: Lab;
	beforeEach(() => {
		bench = new Lab();
	});
	afterEach(() => bench.clear());

	it("does AWS's managed template AWS-Reboot, and rejects another of that form", async () => {
		const emulator = await bench.emulator();
		const device = await bench.device(emulator);
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
