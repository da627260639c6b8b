import assert from "node:assert/strict";
import { ended } from "../kit/executions.js";
import { Lab } from "../kit/lab.js";
import { Operator } from "../kit/operator.js";

/** Names that AWS allows, and that every JavaScript object has as well. */
describe("Names that every JavaScript object has as a property", () => {
	let lab: Lab;
	beforeEach(() => {
		lab = new Lab();
	});
	afterEach(() => lab.clear());

	for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
		it(`${name}: a thing, a group and a job may be called so`, async () => {
			const emulator = await lab.emulator({ things: [name] });
			const operator = new Operator(emulator);
			const device = await lab.device(emulator, { thing: name });
			await operator.must("POST", `/thing-groups/${name}`, {});
			await operator.must("PUT", "/thing-groups/addThingToThingGroup", { thingGroupName: name, thingName: name });
			const target = `arn:aws:iot:us-east-1:123456789012:thinggroup/${name}`;
			await operator.must("PUT", `/jobs/${name}`, { targets: [target], document: '{"operation":"diagnostics"}' });
			device.powerOn();
			assert.equal((await ended(emulator, name, name)).status, "SUCCEEDED");
			const { executionSummaries } = (await operator.must("GET", `/things/${name}/jobs`)) as {
				executionSummaries: { jobId: string }[];
			};
			assert.deepEqual(
				executionSummaries.map(({ jobId }) => jobId),
				[name],
			);
			const { job } = (await operator.must("GET", `/jobs/${name}`)) as { job: { status: string } };
			assert.equal(job.status, "COMPLETED");
			await operator.must("DELETE", `/jobs/${name}`);
			assert.equal(emulator.service.execution(name, name), undefined);
		});
	}
});
