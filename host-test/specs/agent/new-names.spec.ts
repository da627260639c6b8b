import assert from "node:assert/strict";
import { xsProgram } from "../../xs/xs-app.js";
import type { XsMachine } from "../../xs/xs-machine.js";
import { engines, programFor, xsApp } from "../kit/engines.js";
import { ended } from "../kit/executions.js";
import { Lab, turns } from "../kit/lab.js";
import { withNewNames } from "../kit/new-names.js";

const JOBS = 120;

describe("Documents with member names never seen before", () => {
	let lab: Lab;
	beforeEach(() => {
		lab = new Lab();
	});
	afterEach(() => lab.clear());

	if (engines.includes("xs")) {
		it(`${JOBS} of them leave XS's memory as it was`, async () => {
			const emulator = await lab.emulator();
			let xs: XsMachine | undefined;
			const app = await xsApp();
			const onMachine = (machine: XsMachine) => {
				xs = machine;
			};
			const device = await lab.device(emulator, { program: () => xsProgram(app, { onMachine }) });
			device.powerOn();
			const slots: (number | undefined)[] = [];
			for (let n = 0; n < JOBS; n += 1) {
				const jobId = `job-${n}`;
				const over = device.said(new RegExp(`${jobId} is over`));
				emulator.service.createJob({ jobId, targets: ["alpha"], document: withNewNames(n) });
				assert.equal((await ended(emulator, jobId)).status, "REJECTED");
				await over;
				if (n < 10 || n >= JOBS - 10) {
					await turns(50);
					slots.push((await xs?.collect())?.slots);
				}
			}
			const [before, after] = [slots.slice(0, 10), slots.slice(10)].map((some) => Math.min(...(some as number[])));
			assert.equal(after, before);
			assert.equal(device.boots, 1);
		});
	}

	for (const engine of engines) {
		it(`are read for what the handler names, in ${engine}`, async () => {
			const emulator = await lab.emulator();
			const program = await programFor(engine);
			const device = await lab.device(emulator, { program: () => program });
			device.powerOn();
			for (const [jobId, document, reason] of [
				["known", { "an ny": { files: 1 }, files: "x", operation: "erase" }, "files: names of files"],
				["escaped", { operation: "erase", 'f"iles\\': [1], "": { a: 1 } }, "settings or files"],
			] as const) {
				emulator.service.createJob({ jobId, targets: ["alpha"], document });
				assert.equal((await ended(emulator, jobId)).statusDetails?.error, reason);
			}
		});
	}
});
