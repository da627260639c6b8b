import assert from "node:assert/strict";
import type { Emulator } from "../../emulator/emulator.js";
import { type Answer, type Ask, ask } from "../kit/https-request.js";
import { Lab, pemOf } from "../kit/lab.js";

describe("The HTTPS data plane", () => {
	let lab: Lab;
	let emulator: Emulator;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator({ things: ["alpha", "beta"] });
	});
	afterEach(() => lab.clear());

	const call = (method: string, path: string, body?: unknown, options: Partial<Ask> = {}): Promise<Answer> =>
		ask(emulator.addresses.data.url, { method, path, body, ...pemOf(emulator), ...options });
	const queue = (jobId: string, thing = "alpha") =>
		emulator.service.createJob({ jobId, targets: [thing], document: { operation: "reboot" } });
	const at = () => emulator.service.timestamp;

	it("lists what is pending; both lists are always there", async () => {
		assert.deepEqual((await call("GET", "/things/alpha/jobs")).body, { inProgressJobs: [], queuedJobs: [] });
		queue("job");
		const { status, body } = await call("GET", "/things/alpha/jobs");
		assert.equal(status, 200);
		const summary = { jobId: "job", queuedAt: at(), lastUpdatedAt: at(), versionNumber: 1, executionNumber: 1 };
		assert.deepEqual(body, { inProgressJobs: [], queuedJobs: [summary] });
	});

	for (const next of ["$next", "%24next"]) {
		it(`starts the next one at ${next}, with its document as a string`, async () => {
			assert.deepEqual((await call("PUT", `/things/alpha/jobs/${next}`, {})).body, {});
			queue("job");
			const details = { step: "begun" };
			const { body } = await call("PUT", `/things/alpha/jobs/${next}`, {
				statusDetails: details,
				stepTimeoutInMinutes: 5,
			});
			assert.deepEqual(body.execution, {
				jobId: "job",
				thingName: "alpha",
				status: "IN_PROGRESS",
				statusDetails: details,
				queuedAt: at(),
				startedAt: at(),
				lastUpdatedAt: at(),
				approximateSecondsBeforeTimedOut: 300,
				versionNumber: 2,
				executionNumber: 1,
				jobDocument: '{"operation":"reboot"}',
			});
		});
	}

	it("describes the next execution, or one by its id; the document where asked for", async () => {
		queue("job");
		for (const query of ["", "?includeJobDocument=false"]) {
			const next = await call("GET", `/things/alpha/jobs/$next${query}`);
			assert.equal((next.body.execution as { jobDocument?: string }).jobDocument, undefined);
		}
		const byId = await call("GET", "/things/alpha/jobs/job?executionNumber=1&includeJobDocument=true");
		assert.equal((byId.body.execution as { jobDocument?: string }).jobDocument, '{"operation":"reboot"}');
	});

	it("updates, and answers with what was asked for", async () => {
		queue("job");
		assert.deepEqual((await call("POST", "/things/alpha/jobs/job", { status: "IN_PROGRESS" })).body, {});
		const { body } = await call("POST", "/things/alpha/jobs/job", {
			status: "IN_PROGRESS",
			expectedVersion: 2,
			statusDetails: { percent: "50" },
			includeJobExecutionState: true,
			includeJobDocument: true,
		});
		assert.deepEqual(body, {
			executionState: { status: "IN_PROGRESS", statusDetails: { percent: "50" }, versionNumber: 3 },
			jobDocument: '{"operation":"reboot"}',
		});
	});

	for (const [what, method, path, body, status, type, message] of [
		[
			"another version",
			"POST",
			"job",
			{ status: "FAILED", expectedVersion: 9 },
			409,
			"InvalidStateTransition",
			/VersionMismatch: Expected version 9/,
		],
		["an execution that has ended", "POST", "over", { status: "FAILED" }, 409, "InvalidStateTransition", /SUCCEEDED/],
		["the description of one that has ended", "GET", "over", undefined, 410, "TerminalState", /SUCCEEDED/],
		["a job that does not exist", "POST", "none", { status: "FAILED" }, 404, "ResourceNotFound", /none/],
		["an execution that does not exist", "GET", "job?executionNumber=2", undefined, 404, "ResourceNotFound", /job/],
		["CANCELED from a device", "POST", "job", { status: "CANCELED" }, 409, "InvalidStateTransition", /CANCELED/],
		["an execution number 0", "GET", "job?executionNumber=0", undefined, 404, "ResourceNotFound", /job/],
		["an update without a status", "POST", "job", {}, 400, "InvalidRequest", /status/],
		["a body that is no JSON", "POST", "job", "{", 400, "InvalidRequest", /JSON/],
		["a body that is no object", "POST", "job", "[]", 400, "InvalidRequest", /object/],
		[
			"a number that is not a number",
			"GET",
			"job?executionNumber=x",
			undefined,
			400,
			"InvalidRequest",
			/executionNumber/,
		],
		[
			"a switch that is no boolean",
			"GET",
			"job?includeJobDocument=x",
			undefined,
			400,
			"InvalidRequest",
			/includeJobDocument/,
		],
		[
			"a step timer of nine days",
			"PUT",
			"$next",
			{ stepTimeoutInMinutes: 12_960 },
			400,
			"InvalidRequest",
			/stepTimeout/,
		],
	] as const) {
		it(`answers ${what} with ${status} ${type}Exception`, async () => {
			queue("over");
			await call("POST", "/things/alpha/jobs/over", { status: "SUCCEEDED" });
			queue("job");
			const answer = await call(method, `/things/alpha/jobs/${path}`, body);
			assert.equal(answer.status, status);
			assert.equal(answer.headers["x-amzn-errortype"], `${type}Exception`);
			assert.deepEqual(Object.keys(answer.body), ["message"]);
			assert.match(answer.body.message as string, message);
			assert.equal(emulator.service.execution("alpha", "job")?.versionNumber, 1);
		});
	}

	it("lets a certificate reach its own thing only, and logs every refusal", async () => {
		const log: string[] = [];
		emulator.broker.on("log", (line) => log.push(line));
		queue("job", "beta");
		for (const [method, path] of [
			["GET", "/things/beta/jobs"],
			["PUT", "/things/beta/jobs/$next"],
			["GET", "/things/beta/jobs/job"],
			["POST", "/things/beta/jobs/job"],
		] as const) {
			const body = method === "GET" ? undefined : { status: "FAILED" };
			const { status, headers } = await call(method, path, body);
			assert.deepEqual([status, headers["x-amzn-errortype"]], [403, "ForbiddenException"], path);
			const { ca } = pemOf(emulator);
			assert.equal((await ask(emulator.addresses.data.url, { method, path, body, ca })).status, 403);
		}
		assert.equal(emulator.service.execution("beta", "job")?.status, "QUEUED");
		assert.match(log.join("\n"), /client alpha, action iotjobsdata:UpdateJobExecution, resource thing\/beta/);
		assert.match(log.join("\n"), /no certificate of this CA/);
	});

	it("speaks HTTP under AWS's ALPN name; images need no certificate", async () => {
		const named = await call("GET", "/things/alpha/jobs", undefined, { ALPNProtocols: ["x-amzn-http-ca"] });
		assert.equal(named.status, 200);
		const { ca } = pemOf(emulator);
		const missing = await ask(emulator.addresses.data.url, { path: "/images/none.bin", ca });
		assert.equal(missing.status, 404);
	});

	it("shares the control plane's port: the signature names the service", async () => {
		queue("job");
		const url = `${emulator.addresses.control.url}/things/alpha/jobs/job?includeJobDocument=true`;
		const signedFor = async (service: string) => {
			const credential = `Credential=AKIDEXAMPLE/20260101/us-east-1/${service}/aws4_request`;
			const authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host, Signature=00`;
			return (await (await fetch(url, { headers: { authorization } })).json()) as {
				execution: Record<string, unknown>;
			};
		};
		assert.equal((await signedFor("iot-jobs-data")).execution.jobDocument, '{"operation":"reboot"}');
		const control = await signedFor("iot");
		assert.equal(control.execution.jobDocument, undefined);
		assert.equal(control.execution.thingArn, "arn:aws:iot:us-east-1:123456789012:thing/alpha");
	});

	it("shares its state with MQTT: what is ended over HTTPS is told there", async () => {
		queue("first");
		queue("second");
		const { MqttJsClient } = await import("../kit/mqtt-js-client.js");
		const client = await MqttJsClient.connect(emulator);
		await client.client.subscribeAsync("$aws/things/alpha/jobs/notify-next", { qos: 1 });
		await call("PUT", "/things/alpha/jobs/$next", {});
		await call("POST", "/things/alpha/jobs/first", { status: "SUCCEEDED" });
		const { payload } = await client.next(0);
		assert.equal((payload.execution as { jobId: string }).jobId, "second");
		await client.end();
	});
});
