import assert from "node:assert/strict";
import { xsProgram } from "../../xs/xs-app.js";
import type { XsMachine } from "../../xs/xs-machine.js";
import type { Sample } from "../../xs/xs-process.js";
import { engines, xsApp } from "../kit/engines.js";
import { ended } from "../kit/executions.js";
import { Lab, turns } from "../kit/lab.js";
import { withNewNames } from "../kit/new-names.js";

const JOBS = Number(process.env.JOBS ?? 10_000);

if (engines.includes("xs")) {
	describe(`${JOBS} jobs in a row, in XS`, function () {
		this.timeout(600_000);
		let lab: Lab;
		beforeEach(() => {
			lab = new Lab();
		});
		afterEach(() => lab.clear());

		for (const [what, documentOf] of [
			["", () => ({ operation: "dance" })],
			[", each with new member names", withNewNames],
		] as const)
			it(`leave slots and chunk bytes as they were${what}`, async () => {
				const emulator = await lab.emulator();
				let numbered = 0;
				const app = await xsApp();
				let xs: XsMachine | undefined;
				const onMachine = (machine: XsMachine) => {
					xs = machine;
				};
				const device = await lab.device(emulator, { program: () => xsProgram(app, { onMachine }) });
				/** Does jobs, and tells what is alive when the last is over. */
				const run = async (prefix: string, count: number): Promise<Sample> => {
					const last = `${prefix}-${String(count - 1).padStart(5, "0")}`;
					const over = device.said(new RegExp(`${last} is over`));
					for (let n = 0; n < count; n += 1) {
						const jobId = `${prefix}-${String(n).padStart(5, "0")}`;
						emulator.service.createJob({ jobId, targets: ["alpha"], document: documentOf(numbered++) });
						assert.equal((await ended(emulator, jobId)).status, "REJECTED");
					}
					await over;
					// The notification that follows the end is perhaps still under way: the least of some looks is rest.
					const looks: Sample[] = [];
					for (let i = 0; i < 10; i += 1) {
						await turns(50);
						looks.push((await xs?.collect()) as Sample);
					}
					return looks.reduce((least, look) => (look.slots < least.slots ? look : least));
				};
				device.powerOn();
				const before = await run("first", 100);
				const after = await run("later", JOBS);
				process.stdout.write(
					`      ${after.slots - before.slots} slots, ${after.chunks - before.chunks} bytes of chunks more; ` +
						`${Math.round((after.meter - before.meter) / JOBS)} metering units a job\n`,
				);
				assert.deepEqual([after.slots - before.slots, after.chunks - before.chunks], [0, 0]);
				assert.equal(device.boots, 1);
			});
	});
}
