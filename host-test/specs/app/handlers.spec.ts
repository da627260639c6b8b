import assert from "node:assert/strict";
import { engines, programFor } from "../kit/engines.js";
import { Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";
import { runJob } from "../kit/run-job.js";

for (const engine of engines)
	describe(`The application's handlers, the agent in ${engine}`, () => {
		let bench: Lab;
		let emulator: TestEmulator;
		let agent: Awaited<ReturnType<typeof programFor>>;
		beforeEach(async () => {
			bench = new Lab();
			emulator = await bench.emulator();
			agent = await programFor(engine);
		});
		afterEach(() => bench.clear());

		const run = (test: TestDevice, document: object) => bench.passing(runJob(emulator, test, document));

		it("an operation that the manifest does not name is not done", async () => {
			const test = await bench.device(emulator, { program: () => agent, config: { handlers: "reboot ota" } });
			const { status, statusDetails } = await run(test, { operation: "erase", settings: true });
			assert.deepEqual([status, statusDetails?.known], ["REJECTED", "reboot ota"]);
		});
	});
