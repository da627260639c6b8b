import assert from "node:assert/strict";
import type { Emulator } from "../../emulator/emulator.js";
import { Lab } from "../kit/lab.js";
import { MqttJsClient } from "../kit/mqtt-js-client.js";

const BASE = "$aws/things/alpha/jobs";

describe("The Jobs service over MQTT, heard by MQTT.js", () => {
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

	const queue = (jobId: string) =>
		emulator.service.createJob({ jobId, targets: ["alpha"], document: { operation: "reboot" } });

	it("answers without any subscription, with the client token and whole seconds", async () => {
		const { topic, payload } = await client.ask(`${BASE}/get`, { clientToken: "t" });
		assert.equal(topic, `${BASE}/get/accepted`);
		assert.deepEqual(payload, {
			inProgressJobs: [],
			queuedJobs: [],
			clientToken: "t",
			timestamp: emulator.service.timestamp,
		});
	});

	it("answers only the client that asked", async () => {
		const listener = await MqttJsClient.connect(emulator, "alpha", "alpha-listener");
		await listener.client.subscribeAsync(`${BASE}/get/accepted`, { qos: 1 });
		await client.ask(`${BASE}/get`, {});
		await listener.ask(`${BASE}/get`, { clientToken: "mine" });
		assert.deepEqual(
			listener.heard.map(({ payload }) => payload.clientToken),
			["mine"],
		);
		await listener.end();
	});

	it("StartNext hands out the execution with its document, or nothing", async () => {
		queue("job");
		const { payload } = await client.ask(`${BASE}/start-next`, { clientToken: "t", statusDetails: { step: "begun" } });
		const at = emulator.service.timestamp;
		assert.deepEqual(payload, {
			execution: {
				jobId: "job",
				status: "IN_PROGRESS",
				statusDetails: { step: "begun" },
				queuedAt: at,
				startedAt: at,
				lastUpdatedAt: at,
				versionNumber: 2,
				executionNumber: 1,
				jobDocument: { operation: "reboot" },
			},
			clientToken: "t",
			timestamp: at,
		});
		await client.ask(`${BASE}/job/update`, { status: "SUCCEEDED" });
		const none = await client.ask(`${BASE}/start-next`, {});
		assert.deepEqual(none.payload, { timestamp: at });
	});

	it("an update without include flags is answered with token and timestamp", async () => {
		queue("job");
		const { topic, payload } = await client.ask(`${BASE}/job/update`, { status: "IN_PROGRESS", clientToken: "t" });
		assert.equal(topic, `${BASE}/job/update/accepted`);
		assert.deepEqual(payload, { clientToken: "t", timestamp: emulator.service.timestamp });
		const full = await client.ask(`${BASE}/job/update`, {
			status: "IN_PROGRESS",
			expectedVersion: 2,
			includeJobExecutionState: true,
			includeJobDocument: true,
		});
		assert.deepEqual(full.payload.executionState, { status: "IN_PROGRESS", versionNumber: 3 });
		assert.deepEqual(full.payload.jobDocument, { operation: "reboot" });
	});

	it("Describe omits the document where it is told to", async () => {
		queue("job");
		const next = await client.ask(`${BASE}/$next/get`, { includeJobDocument: false });
		assert.equal(next.topic, `${BASE}/$next/get/accepted`);
		assert.equal((next.payload.execution as { jobDocument?: unknown }).jobDocument, undefined);
		const { payload } = await client.ask(`${BASE}/job/get`, { executionNumber: 1 });
		assert.deepEqual((payload.execution as { jobDocument?: unknown }).jobDocument, { operation: "reboot" });
	});

	it("a job may be called get", async () => {
		queue("get");
		const { topic, payload } = await client.ask(`${BASE}/get/get`, {});
		assert.equal(topic, `${BASE}/get/get/accepted`);
		assert.equal((payload.execution as { jobId: string }).jobId, "get");
		assert.equal((await client.ask(`${BASE}/get`, {})).topic, `${BASE}/get/accepted`);
	});

	it("the end of an execution: its answer, then notify, then notify-next", async () => {
		queue("first");
		queue("second");
		await client.client.subscribeAsync([`${BASE}/notify`, `${BASE}/notify-next`], { qos: 1 });
		const from = client.heard.length;
		client.publish(`${BASE}/first/update`, { status: "SUCCEEDED" });
		const heard = [await client.next(from), await client.next(from + 1), await client.next(from + 2)];
		assert.deepEqual(
			heard.map(({ topic }) => topic.replace(BASE, "")),
			["/first/update/accepted", "/notify", "/notify-next"],
		);
		const at = emulator.service.timestamp;
		const summary = { jobId: "second", queuedAt: at, lastUpdatedAt: at, versionNumber: 1, executionNumber: 1 };
		assert.deepEqual(heard[1]?.payload, { timestamp: at, jobs: { QUEUED: [summary] } });
		assert.equal((heard[2]?.payload.execution as { jobId?: string } | undefined)?.jobId, "second");
		client.publish(`${BASE}/second/update`, { status: "FAILED" });
		assert.deepEqual((await client.next(from + 4)).payload, { timestamp: at, jobs: {} });
		assert.deepEqual((await client.next(from + 5)).payload, { timestamp: at });
	});

	it("a version as a string, null details and an empty token are taken", async () => {
		queue("job");
		const { topic } = await client.ask(`${BASE}/job/update`, {
			status: "IN_PROGRESS",
			expectedVersion: "1",
			statusDetails: null,
			clientToken: "",
		});
		assert.equal(topic, `${BASE}/job/update/accepted`);
	});

	it("an empty payload counts as {}", async () => {
		assert.equal((await client.ask(`${BASE}/get`, "")).topic, `${BASE}/get/accepted`);
	});

	for (const [what, rest, payload, code] of [
		["a topic that names no operation", "job/stop", {}, "InvalidTopic"],
		["a payload that is no JSON", "get", "{", "InvalidJson"],
		["a payload that is not UTF-8", "get", Buffer.from([0x22, 0xff, 0x22]), "InvalidJson"],
		["JSON that is no object", "get", "[]", "InvalidJson"],
		["an update without a status", "job/update", {}, "InvalidRequest"],
		["a status that is none", "job/update", { status: "DONE" }, "InvalidRequest"],
		["QUEUED from a device", "job/update", { status: "QUEUED" }, "InvalidStateTransition"],
		["CANCELED from a device", "job/update", { status: "CANCELED" }, "InvalidStateTransition"],
		["TIMED_OUT from a device", "job/update", { status: "TIMED_OUT" }, "InvalidStateTransition"],
		["REMOVED from a device", "job/update", { status: "REMOVED" }, "InvalidStateTransition"],
		["version 0", "job/update", { status: "FAILED", expectedVersion: 0 }, "VersionMismatch"],
		["execution number 0", "job/update", { status: "FAILED", executionNumber: 0 }, "ResourceNotFound"],
		["the description of number 0", "job/get", { executionNumber: 0 }, "ResourceNotFound"],
		[
			"a detail with a zero-width space",
			"job/update",
			{ status: "FAILED", statusDetails: { a: "\u200b" } },
			"InvalidRequest",
		],
		[
			"a detail with half a character",
			"job/update",
			{ status: "FAILED", statusDetails: { a: "\ud800" } },
			"InvalidRequest",
		],
		[
			"eleven details",
			"job/update",
			{ status: "FAILED", statusDetails: Object.fromEntries([..."abcdefghijk"].map((c) => [c, c])) },
			"InvalidRequest",
		],
		[
			"a detail with a control character",
			"job/update",
			{ status: "FAILED", statusDetails: { a: "\u0007" } },
			"InvalidRequest",
		],
		[
			"a detail with an impossible name",
			"job/update",
			{ status: "FAILED", statusDetails: { "a b": "c" } },
			"InvalidRequest",
		],
		[
			"a step timer of nine days",
			"job/update",
			{ status: "IN_PROGRESS", stepTimeoutInMinutes: 12_960 },
			"InvalidRequest",
		],
		["a client token of 65 bytes", "get", { clientToken: "t".repeat(65) }, "InvalidRequest"],
		["another version", "job/update", { status: "FAILED", expectedVersion: 9 }, "VersionMismatch"],
		["a job that does not exist", "nothing/update", { status: "FAILED" }, "ResourceNotFound"],
		["an execution that does not exist", "job/get", { executionNumber: 2 }, "ResourceNotFound"],
		["an execution that has ended", "over/update", { status: "FAILED" }, "InvalidStateTransition"],
		["the description of one that has ended", "over/get", {}, "TerminalStateReached"],
	] as const) {
		it(`rejects ${what} with ${code}`, async () => {
			queue("over");
			await client.ask(`${BASE}/over/update`, { status: "SUCCEEDED" });
			queue("job");
			const { topic, payload: rejection } = await client.ask(`${BASE}/${rest}`, payload);
			assert.equal(topic, `${BASE}/${rest}/rejected`);
			assert.equal(rejection.code, code);
			assert.equal(typeof rejection.message, "string");
			const carriesState = code === "VersionMismatch" || code === "InvalidStateTransition";
			assert.equal(rejection.executionState !== undefined, carriesState);
			assert.equal(emulator.service.execution("alpha", "job")?.versionNumber, 1);
		});
	}
});
