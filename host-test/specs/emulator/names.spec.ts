import assert from "node:assert/strict";
import { ended, Lab } from "../kit/lab.js";
import { Operator } from "../kit/operator.js";

/** Names that AWS allows, and that every JavaScript object has as well. */
describe("A thing, a group and a job with the name of a property", () => {
	let bench: Lab;
	beforeEach(() => {
		bench = new Lab();
	});
	afterEach(() => bench.clear());

	for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
		it(`${name}: the job is created for the group, done by the thing, listed and deleted`, async () => {
			const emulator = await bench.emulator({ things: [name] });
			const operator = new Operator(emulator);
			const device = await bench.device(emulator, { thing: name });
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
