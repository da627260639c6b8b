import assert from "node:assert/strict";
import type { Emulator } from "../../emulator/emulator.js";
import { type Answer, ask } from "../kit/https-request.js";
import { Lab, pemOf } from "../kit/lab.js";
import { MqttJsClient } from "../kit/mqtt-js-client.js";
import { Operator, thing } from "../kit/operator.js";

const JOBS = "$aws/things/alpha/jobs";

describe("The device API beyond its documentation", () => {
	let lab: Lab;
	let emulator: Emulator;
	let client: MqttJsClient;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
		client = await MqttJsClient.connect(emulator);
	});
	afterEach(async () => {
		await client.end();
		await lab.clear();
	});

	const queue = (jobId: string, document: Record<string, unknown> = { operation: "reboot" }) =>
		emulator.service.createJob({ jobId, targets: ["alpha"], document });
	const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
		ask(emulator.addresses.data.url, { method, path: `/things/alpha/jobs${path}`, body, ...pemOf(emulator) });

	/** As AWS's device SDKs write it (Python v1, C++ v1, JavaScript v1): scalars in quotes, details without. */
	const QUOTED = {
		status: "IN_PROGRESS",
		expectedVersion: "1",
		executionNumber: "1",
		includeJobExecutionState: "true",
		includeJobDocument: "true",
		stepTimeoutInMinutes: "5",
		statusDetails: { percent: 50, isLast: false },
	};
	const STATE = { status: "IN_PROGRESS", statusDetails: { percent: "50", isLast: "false" }, versionNumber: 2 };

	it("takes scalars in quotes, and numbers as details, over MQTT", async () => {
		queue("job");
		const described = await client.ask(`${JOBS}/$next/get`, { executionNumber: "1", includeJobDocument: "false" });
		assert.equal((described.payload.execution as { jobDocument?: unknown }).jobDocument, undefined);
		const { topic, payload } = await client.ask(`${JOBS}/job/update`, QUOTED);
		assert.equal(topic, `${JOBS}/job/update/accepted`);
		assert.deepEqual([payload.executionState, payload.jobDocument], [STATE, { operation: "reboot" }]);
		queue("other");
		await client.ask(`${JOBS}/job/update`, { status: "SUCCEEDED", includeJobDocument: "false" });
		const started = await client.ask(`${JOBS}/start-next`, { statusDetails: { n: 1 }, stepTimeoutInMinutes: "1" });
		assert.deepEqual((started.payload.execution as { statusDetails?: unknown }).statusDetails, { n: "1" });
	});

	it("takes them over HTTPS", async () => {
		queue("job");
		const { status, body } = await call("POST", "/job", QUOTED);
		assert.equal(status, 200);
		assert.deepEqual(body, { executionState: STATE, jobDocument: '{"operation":"reboot"}' });
	});

	for (const [what, change] of [
		["a number that is none", { executionNumber: "one" }],
		["a boolean that is none", { includeJobDocument: "yes" }],
		["a list as a detail", { statusDetails: { a: [1] } }],
		["a step timer of 0 in quotes", { stepTimeoutInMinutes: "0" }],
	] as const) {
		it(`still refuses ${what}`, async () => {
			queue("job");
			const { payload } = await client.ask(`${JOBS}/job/update`, { status: "IN_PROGRESS", ...change });
			assert.equal(payload.code, "InvalidRequest");
			assert.equal((await call("POST", "/job", { status: "IN_PROGRESS", ...change })).status, 400);
		});
	}

	it("PUT $next takes an empty body that is called JSON", async () => {
		queue("job");
		const { status, body } = await call("PUT", "/$next", "");
		assert.equal(status, 200);
		assert.equal((body.execution as { jobId: string }).jobId, "job");
	});

	it("lists at most 10 pending executions, 15 where a job has a schedule", async () => {
		const count = (lists: object) => Object.values(lists).map((list) => (Array.isArray(list) ? list.length : "-"));
		const pending = async () => {
			const { inProgressJobs, queuedJobs } = (await client.ask(`${JOBS}/get`, {})).payload;
			const overHttps = (await call("GET", "")).body;
			assert.deepEqual({ inProgressJobs, queuedJobs }, overHttps);
			return count(overHttps);
		};
		for (let n = 0; n < 16; n += 1) queue(`job-${n}`);
		await client.ask(`${JOBS}/job-12/update`, { status: "IN_PROGRESS" });
		await client.ask(`${JOBS}/job-13/update`, { status: "IN_PROGRESS" });
		assert.deepEqual(await pending(), [2, 8]);
		await client.client.subscribeAsync(`${JOBS}/notify`, { qos: 1 });
		const from = client.heard.length;
		const scheduling = { endTime: lab.clock.now() + 3_600_000, maintenanceWindows: [] };
		emulator.service.createJob({ jobId: "timed", targets: ["alpha"], document: {}, scheduling });
		assert.deepEqual(count((await client.next(from)).payload.jobs as object), [2, 13]);
		assert.deepEqual(await pending(), [2, 13]);
	});

	describe("documents", () => {
		const S3 = "https://s3.us-east-1.amazonaws.com/bucket/new.bin";
		const TEXT = `{ "n": 1.0,  "id": 12345678901234567890, "a": "\${aws:iot:s3-presigned-url:${S3}}",
			"b": "\${aws:iot:s3-presigned-url-v2:${S3.replaceAll("/", "\\/")}}" }`;
		const signed = () => new RegExp(`^${emulator.addresses.data.url}/images/new.bin\\?expires=\\d+$`);

		it("are handed out over HTTPS as they came, with fresh URLs", async () => {
			const operator = new Operator(emulator);
			await operator.must("PUT", "/jobs/job", { targets: [thing("alpha")], document: TEXT });
			assert.deepEqual(await operator.must("GET", "/jobs/job/job-document"), { document: TEXT });
			const started = await call("PUT", "/$next", {});
			const described = await call("GET", "/job?includeJobDocument=true");
			const updated = await call("POST", "/job", { status: "IN_PROGRESS", includeJobDocument: true });
			for (const { jobDocument } of [started.body.execution, described.body.execution, updated.body] as {
				jobDocument: string;
			}[]) {
				assert.ok(jobDocument.startsWith('{ "n": 1.0,  "id": 12345678901234567890, "a": "https:'), jobDocument);
				assert.match(JSON.parse(jobDocument).a, signed());
				assert.match(JSON.parse(jobDocument).b, signed());
			}
		});

		it("have fresh URLs in every answer over MQTT, an update's too", async () => {
			queue("job", JSON.parse(TEXT));
			const described = await client.ask(`${JOBS}/job/get`, {});
			const updated = await client.ask(`${JOBS}/job/update`, { status: "IN_PROGRESS", includeJobDocument: true });
			for (const { jobDocument } of [described.payload.execution, updated.payload] as {
				jobDocument: Record<string, string>;
			}[]) {
				assert.match(jobDocument.a as string, signed());
				assert.match(jobDocument.b as string, signed());
			}
		});
	});
});
