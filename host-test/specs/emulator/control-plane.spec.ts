import assert from "node:assert/strict";
import { retries } from "../kit/job-config.js";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { Operator, thing } from "../kit/operator.js";

describe("The control plane's lists", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	const things = Array.from({ length: 7 }, (_, i) => `t${i}`);
	before(async () => {
		lab = new Lab();
		emulator = await lab.emulator({ things: ["alpha"] });
		for (const thing of things) emulator.registry.createThing(thing);
		for (const jobId of ["first", "second", "third"]) {
			emulator.service.createJob({ jobId, targets: things, document: {}, ...retries({ FAILED: 1 }) });
			emulator.clock.advance(1_000);
		}
		const end = (status: "SUCCEEDED" | "FAILED", thing: string, jobId: string) =>
			emulator.service.execute(thing, { type: "update", jobId, request: { status } });
		for (const thing of things) end("SUCCEEDED", thing, "first");
		end("FAILED", "t0", "second");
	});
	after(() => lab.clear());

	const call = (method: string, path: string, body?: object) => new Operator(emulator).call(method, path, body);

	/** All pages of a list. */
	async function pages(path: string, key: string): Promise<unknown[][]> {
		const found: unknown[][] = [];
		let token: string | undefined;
		do {
			const query = token === undefined ? "" : `&nextToken=${token}`;
			const { body } = await call("GET", `${path}${query}`);
			found.push(body[key] as unknown[]);
			token = body.nextToken as string | undefined;
		} while (token !== undefined);
		return found;
	}

	it("ListJobs: the newest first, by status, in pages", async () => {
		const { body } = await call("GET", "/jobs");
		const jobs = body.jobs as { jobId: string; status: string; createdAt: number; completedAt?: number }[];
		assert.deepEqual(
			jobs.map(({ jobId, status }) => `${jobId} ${status}`),
			["third IN_PROGRESS", "second IN_PROGRESS", "first COMPLETED"],
		);
		assert.equal(typeof jobs[2]?.completedAt, "number");
		const completed = await call("GET", "/jobs?status=COMPLETED");
		assert.equal((completed.body.jobs as unknown[]).length, 1);
		assert.deepEqual((await call("GET", "/jobs?targetSelection=CONTINUOUS")).body.jobs, []);
		const paged = await pages("/jobs?maxResults=2", "jobs");
		assert.deepEqual(
			paged.map((page) => page.length),
			[2, 1],
		);
	});

	it("ListJobExecutionsForJob: every execution and retry, once over all pages", async () => {
		const paged = await pages("/jobs/second/things?maxResults=3", "executionSummaries");
		assert.deepEqual(
			paged.map((page) => page.length),
			[3, 3, 2],
		);
		const all = paged.flat() as { thingArn: string; jobExecutionSummary: Record<string, unknown> }[];
		const names = all.map(({ thingArn, jobExecutionSummary: { executionNumber, status, retryAttempt } }) =>
			[thingArn.replace(/.*\//, ""), executionNumber, status, retryAttempt].join(" "),
		);
		assert.deepEqual(names.slice(0, 2), ["t0 2 QUEUED 1", "t0 1 FAILED 0"]);
		assert.equal(new Set(names).size, 8);
		const failed = await call("GET", "/jobs/second/things?status=FAILED");
		assert.equal((failed.body.executionSummaries as unknown[]).length, 1);
	});

	it("ListJobExecutionsForThing: of all jobs or of one", async () => {
		const { body } = await call("GET", "/things/t3/jobs");
		const all = body.executionSummaries as { jobId: string; jobExecutionSummary: { status: string } }[];
		assert.deepEqual(
			all.map(({ jobId, jobExecutionSummary }) => `${jobId} ${jobExecutionSummary.status}`),
			["third QUEUED", "second QUEUED", "first SUCCEEDED"],
		);
		const one = await call("GET", "/things/t3/jobs?jobId=second");
		assert.equal((one.body.executionSummaries as unknown[]).length, 1);
	});

	it("a list that grows between two pages shows nothing twice", async () => {
		const first = await call("GET", "/jobs?maxResults=2");
		emulator.service.createJob({ jobId: "fourth", targets: ["alpha"], document: {} });
		const second = await call("GET", `/jobs?maxResults=2&nextToken=${first.body.nextToken}`);
		assert.deepEqual(
			(second.body.jobs as { jobId: string }[]).map(({ jobId }) => jobId),
			["first"],
		);
	});

	it("UpdateJob changes what may be changed of a job that goes on", async () => {
		const change = { description: "new words", timeoutConfig: { inProgressTimeoutInMinutes: 5 } };
		assert.equal((await call("PATCH", "/jobs/third", change)).status, 200);
		const { body } = await call("GET", "/jobs/third");
		const { description, timeoutConfig } = body.job as Record<string, unknown>;
		assert.deepEqual([description, timeoutConfig], ["new words", { inProgressTimeoutInMinutes: 5 }]);
	});

	it("DescribeEndpoint: where devices speak MQTT, and where HTTPS", async () => {
		const { mqtt, data } = emulator.addresses;
		const ats = await call("GET", "/endpoint?endpointType=iot:Data-ATS");
		assert.deepEqual(ats.body, { endpointAddress: `${mqtt.host}:${mqtt.port}` });
		const jobs = await call("GET", "/endpoint?endpointType=iot:Jobs");
		assert.deepEqual(jobs.body, { endpointAddress: new URL(data.url).host });
	});

	for (const [method, path, body, status, type] of [
		["GET", "/jobs?maxResults=0", undefined, 400, "InvalidRequestException"],
		["GET", "/jobs?maxResults=251", undefined, 400, "InvalidRequestException"],
		["GET", "/jobs?maxResults=x", undefined, 400, "InvalidRequestException"],
		["GET", "/jobs?nextToken=forged", undefined, 400, "InvalidRequestException"],
		["GET", "/jobs?status=DONE", undefined, 400, "InvalidRequestException"],
		["GET", "/jobs/none/things", undefined, 404, "ResourceNotFoundException"],
		["GET", "/jobs/first/things?status=DONE", undefined, 400, "InvalidRequestException"],
		["GET", "/things/nobody/jobs", undefined, 404, "ResourceNotFoundException"],
		["PATCH", "/jobs/none", {}, 404, "ResourceNotFoundException"],
		["PATCH", "/jobs/first", { description: "late" }, 400, "InvalidRequestException"],
		["PATCH", "/jobs/second", { abortConfig: {} }, 400, "InvalidRequestException"],
		["GET", "/endpoint?endpointType=iot:Teapot", undefined, 400, "InvalidRequestException"],
	] as const) {
		it(`${method} ${path}: ${status} ${type}`, async () => {
			const answer = await call(method, path, body);
			assert.deepEqual([answer.status, answer.type], [status, type]);
		});
	}
});

describe("The control plane", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let operator: Operator;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
		operator = new Operator(emulator);
	});
	afterEach(() => lab.clear());

	it("ends one execution, or refuses to with AWS's exceptions", async () => {
		const send = async (method: string, path: string, body?: object) => {
			const { status, type } = await operator.call(method, path, body);
			return [status, type];
		};
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: {} });
		emulator.service.execute("alpha", { type: "startNext" });
		const path = "/things/alpha/jobs/job";
		assert.deepEqual(await send("PUT", `${path}/cancel`), [409, "InvalidStateTransitionException"]);
		const stale = await send("PUT", `${path}/cancel?force=true`, { expectedVersion: 1 });
		assert.deepEqual(stale, [409, "VersionConflictException"]);
		assert.deepEqual(await send("DELETE", `${path}/executionNumber/1`), [409, "InvalidStateTransitionException"]);
		assert.deepEqual(await send("DELETE", "/jobs/job"), [409, "InvalidStateTransitionException"]);
		const good = await send("PUT", `${path}/cancel?force=true`, { expectedVersion: 2, statusDetails: { why: "x" } });
		assert.deepEqual(good, [200, null]);
		assert.deepEqual(emulator.service.execution("alpha", "job")?.statusDetails, { why: "x" });
		assert.deepEqual(await send("DELETE", `${path}/executionNumber/1`), [200, null]);
		assert.deepEqual(await send("DELETE", `${path}/executionNumber/1`), [404, "ResourceNotFoundException"]);
	});

	it("answers errors as AWS's REST-JSON does", async () => {
		await operator.createJob("taken", [thing("alpha")]);
		const job = { targets: [thing("alpha")], document: "{}" };
		for (const [answer, status, type] of [
			[await operator.call("PUT", "/jobs/taken", job), 409, "ResourceAlreadyExistsException"],
			[await operator.call("PUT", "/jobs/bad id", job), 400, "InvalidRequestException"],
			[await operator.call("GET", "/jobs/none"), 404, "ResourceNotFoundException"],
			[await operator.call("GET", "/things/alpha/jobs/none"), 404, "ResourceNotFoundException"],
			[await operator.call("PUT", "/jobs/x", "{"), 400, "InvalidRequestException"],
		] as const) {
			assert.deepEqual([answer.status, answer.type, typeof answer.body.message], [status, type, "string"]);
		}
	});
});
