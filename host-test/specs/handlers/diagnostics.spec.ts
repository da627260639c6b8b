import assert from "node:assert/strict";
import { engines, programFor } from "../kit/engines.js";
import { Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";
import { runJob } from "../kit/run-job.js";

for (const engine of engines)
	describe(`A diagnostics job, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		let agent: Awaited<ReturnType<typeof programFor>>;
		beforeEach(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
			agent = await programFor(engine);
		});
		afterEach(() => lab.clear());

		const device = () => lab.device(emulator, { program: () => agent });
		const run = (test: TestDevice, document: object) => lab.passing(runJob(emulator, test, document));

		it("reports version, memory, uptime and the reason of the last reset", async () => {
			const test = await device();
			const { status, statusDetails } = await run(test, { operation: "diagnostics" });
			assert.equal(status, "SUCCEEDED");
			const { uptime, ...rest } = statusDetails ?? {};
			assert.deepEqual(rest, { version: "1.0.0", heapFree: "81920", heapMinFree: "40960", resetReason: "powerOn" });
			assert.match(uptime ?? "", /^\d+$/);
		});
	});
