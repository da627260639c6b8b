import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { group, Operator, thing } from "../kit/operator.js";

describe("What the control plane shows", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let operator: Operator;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator({ things: ["alpha"] });
		operator = new Operator(emulator);
	});
	afterEach(() => lab.clear());

	const execution = async (jobId: string) =>
		(await operator.must("GET", `/things/alpha/jobs/${jobId}`)).execution as Record<string, unknown>;
	const update = (jobId: string, status: "IN_PROGRESS" | "SUCCEEDED", statusDetails?: Record<string, string>) =>
		emulator.service.execute("alpha", {
			type: "update",
			jobId,
			request: { status, ...(statusDetails && { statusDetails }) },
		});

	it("of a plain job: empty structures, and no others", async () => {
		await operator.createJob("plain", [thing("alpha")]);
		const { timeoutConfig, schedulingConfig, presignedUrlConfig, jobExecutionsRolloutConfig, abortConfig, ...rest } =
			await operator.job("plain");
		assert.deepEqual(
			[timeoutConfig, schedulingConfig, presignedUrlConfig, jobExecutionsRolloutConfig],
			[{}, {}, {}, {}],
		);
		assert.deepEqual([abortConfig, rest.jobExecutionsRetryConfig], [undefined, undefined]);
	});

	it("of a job from an object: documentSource, asked for or not", async () => {
		writeFileSync(join(emulator.imageDirectory, "job.json"), "{}");
		const documentSource = "https://s3.us-east-1.amazonaws.com/bucket/job.json";
		await operator.must("PUT", "/jobs/job", { targets: [thing("alpha")], documentSource });
		for (const query of ["", "?beforeSubstitution=true", "?beforeSubstitution=false"]) {
			assert.equal((await operator.must("GET", `/jobs/job${query}`)).documentSource, documentSource);
		}
	});

	it("of an execution: empty status details, and no timer once it has ended", async () => {
		await operator.createJob("job", [thing("alpha")], { timeoutConfig: { inProgressTimeoutInMinutes: 5 } });
		assert.deepEqual((await execution("job")).statusDetails, {});
		update("job", "IN_PROGRESS", { a: "b" });
		const { statusDetails, approximateSecondsBeforeTimedOut } = await execution("job");
		assert.deepEqual([statusDetails, approximateSecondsBeforeTimedOut], [{ detailsMap: { a: "b" } }, 300]);
		update("job", "SUCCEEDED");
		assert.equal((await execution("job")).approximateSecondsBeforeTimedOut, undefined);
	});

	for (const [what, path, forceCanceled] of [
		["CancelJobExecution", "/things/alpha/jobs/job/cancel", false],
		["CancelJobExecution with force", "/things/alpha/jobs/job/cancel?force=true", true],
		["CancelJob", "/jobs/job/cancel", false],
		["CancelJob with force", "/jobs/job/cancel?force=true", true],
	] as const) {
		it(`of an execution after ${what}: forceCanceled ${forceCanceled}`, async () => {
			await operator.createJob("job", [thing("alpha")]);
			if (forceCanceled) update("job", "IN_PROGRESS");
			await operator.must("PUT", path);
			const { status, forceCanceled: shown } = await execution("job");
			assert.deepEqual([status, shown], ["CANCELED", forceCanceled]);
		});
	}

	it("of a group's job in the list: the group's id", async () => {
		await operator.group("lamps", ["alpha"]);
		const { thingGroupId } = await operator.must("GET", "/thing-groups/lamps");
		await operator.createJob("of-group", [group("lamps")]);
		await operator.createJob("of-thing", [thing("alpha")]);
		const jobs = (await operator.must("GET", "/jobs")).jobs as { jobId: string; thingGroupId?: string }[];
		assert.deepEqual(
			jobs.map((job) => [job.jobId, job.thingGroupId]),
			[
				["of-thing", undefined],
				["of-group", thingGroupId],
			],
		);
	});

	it("of an operation without output: no body at all", async () => {
		await operator.createJob("job", [thing("alpha")]);
		const { url } = emulator.addresses.control;
		for (const [method, path] of [
			["PATCH", "/jobs/job"],
			["PUT", "/things/alpha/jobs/job/cancel"],
			["DELETE", "/things/alpha/jobs/job/executionNumber/1"],
			["DELETE", "/jobs/job?force=true"],
		] as const) {
			const body = method === "PATCH" ? JSON.stringify({ description: "new" }) : undefined;
			const headers = { "content-type": "application/json" };
			const response = await fetch(url + path, { method, headers, ...(body !== undefined && { body }) });
			assert.deepEqual([response.status, await response.text()], [200, ""], `${method} ${path}`);
		}
	});
});
