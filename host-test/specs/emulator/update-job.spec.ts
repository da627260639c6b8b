import assert from "node:assert/strict";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { Operator, thing } from "../kit/operator.js";

const MINUTE = 60_000;

describe("UpdateJob", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let operator: Operator;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator({ things: ["alpha", "beta"] });
		operator = new Operator(emulator);
	});
	afterEach(() => lab.clear());

	const both = [thing("alpha"), thing("beta")];
	const retries = (failureType: string, numberOfRetries: number) => ({
		jobExecutionsRetryConfig: { criteriaList: [{ failureType, numberOfRetries }] },
	});
	const timeout = (inProgressTimeoutInMinutes: number) => ({ timeoutConfig: { inProgressTimeoutInMinutes } });
	const update = async (body: object) => (await operator.call("PATCH", "/jobs/job", body)).status;
	const start = (name: string) => emulator.service.execute(name, { type: "startNext" });
	const fail = (name: string) =>
		emulator.service.execute(name, { type: "update", jobId: "job", request: { status: "FAILED" } });
	const execution = (name: string, number?: number) => emulator.service.execution(name, "job", number);

	it("refuses an empty update", async () => {
		await operator.createJob("job", both);
		assert.equal(await update({}), 400);
		assert.equal(await update({ description: "words" }), 200);
	});

	it("with a timeout reaches what has not started, and no timer that runs", async () => {
		await operator.createJob("job", both, { ...timeout(60), ...retries("TIMED_OUT", 1) });
		start("alpha");
		assert.equal(await update(timeout(5)), 200);
		start("beta");
		assert.deepEqual([execution("alpha")?.versionNumber, execution("beta")?.versionNumber], [2, 2]);
		emulator.clock.advance(5 * MINUTE);
		assert.deepEqual([execution("alpha")?.status, execution("beta", 1)?.status], ["IN_PROGRESS", "TIMED_OUT"]);
		emulator.clock.advance(55 * MINUTE);
		assert.equal(execution("alpha", 1)?.status, "TIMED_OUT");
		start("alpha");
		emulator.clock.advance(5 * MINUTE);
		assert.equal(execution("alpha", 2)?.status, "TIMED_OUT", "the next attempt has the new timeout");
	});

	it("sets retries to 0 only, for the same failure types; then they stop", async () => {
		await operator.createJob("job", both, retries("FAILED", 3));
		fail("alpha");
		assert.equal(execution("alpha")?.executionNumber, 2);
		for (const bad of [retries("FAILED", 2), retries("ALL", 0), retries("TIMED_OUT", 0)]) {
			assert.equal(await update(bad), 400);
		}
		assert.equal(await update(retries("FAILED", 0)), 200);
		fail("alpha");
		fail("beta");
		const latest = ["alpha", "beta"].map((name) => [execution(name)?.executionNumber, execution(name)?.status]);
		assert.deepEqual(latest, [
			[2, "FAILED"],
			[1, "FAILED"],
		]);
		assert.equal((await operator.job("job")).status, "COMPLETED");
	});

	it("refuses retries of a job that has none", async () => {
		await operator.createJob("job", both);
		assert.equal(await update(retries("FAILED", 0)), 400);
	});
});
