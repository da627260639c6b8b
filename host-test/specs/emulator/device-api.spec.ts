import assert from "node:assert/strict";
import type { Emulator } from "../../emulator/emulator.js";
import { type Answer, ask } from "../kit/https-request.js";
import { Lab, pemOf } from "../kit/lab.js";
import { MqttJsClient } from "../kit/mqtt-js-client.js";

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
});
