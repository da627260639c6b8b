import assert from "node:assert/strict";
import { engines, programFor } from "../kit/engines.js";
import { Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";
import { runJob } from "../kit/run-job.js";

for (const engine of engines)
	describe(`The application's handlers, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		let agent: Awaited<ReturnType<typeof programFor>>;
		beforeEach(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
			agent = await programFor(engine);
		});
		afterEach(() => lab.clear());

		const run = (test: TestDevice, document: object) => lab.passing(runJob(emulator, test, document));

		it("reject an operation that the manifest does not name", async () => {
			const test = await lab.device(emulator, { program: () => agent, config: { handlers: "reboot ota" } });
			const { status, statusDetails } = await run(test, { operation: "erase", settings: true });
			assert.deepEqual([status, statusDetails?.known], ["REJECTED", "reboot ota"]);
		});
	});
