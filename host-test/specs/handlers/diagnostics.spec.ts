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

		it("counts an uptime of more than 49 days on", async () => {
			const test = await device();
			test.powerOn();
			await test.said(/connected/);
			const days = 60;
			lab.clock.advance(days * 86_400_000);
			const { statusDetails } = await run(test, { operation: "diagnostics" });
			assert.ok(Number(statusDetails?.uptime) >= days * 86_400, statusDetails?.uptime);
		});
	});
