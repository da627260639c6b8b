import assert from "node:assert/strict";
import { engines, programFor } from "../kit/engines.js";
import { ended } from "../kit/executions.js";
import { Lab } from "../kit/lab.js";

if (engines.includes("xs")) {
	describe("A document that ends the machine before it is claimed, in XS", () => {
		let lab: Lab;
		beforeEach(() => {
			lab = new Lab();
		});
		afterEach(() => lab.clear());

		it("is FAILED with tooManyResets after ten resets, and the next job is done", async () => {
			const emulator = await lab.emulator();
			const agent = await programFor("xs");
			const device = await lab.device(emulator, { program: () => agent, config: { messageBytes: 16_384 } });
			// Each array takes two slots: all of them take more than there are.
			const document = { operation: "dance", a: Array.from({ length: 4_000 }, () => []) };
			emulator.service.createJob({ jobId: "job", targets: ["alpha"], document });
			device.powerOn();
			const { status, statusDetails } = await lab.passing(ended(emulator, "job"));
			assert.ok(
				device.lines.some((line) => line.includes("memory full")),
				"it is as heavy as is meant",
			);
			assert.deepEqual(
				[status, statusDetails],
				["FAILED", { reason: "tooManyResets", resetReason: "software", boots: "11" }],
			);
			assert.equal(device.aborts, 11);
			emulator.service.createJob({ jobId: "next", targets: ["alpha"], document: { operation: "diagnostics" } });
			assert.equal((await lab.passing(ended(emulator, "next"))).status, "SUCCEEDED");
			assert.equal(device.aborts, 11);
		});
	});
}
