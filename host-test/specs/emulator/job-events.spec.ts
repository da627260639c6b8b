import assert from "node:assert/strict";
import type { Policy } from "../../emulator/identity/policy.js";
import { retries } from "../kit/job-config.js";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { MqttJsClient } from "../kit/mqtt-js-client.js";

/** What a person who watches the fleet has in the certificate's policy. */
const MONITOR: Policy = {
	Version: "2012-10-17",
	Statement: [
		{ Effect: "Allow", Action: "iot:Connect", Resource: "arn:aws:iot:*:*:client/monitor" },
		{ Effect: "Allow", Action: "iot:Subscribe", Resource: "arn:aws:iot:*:*:topicfilter/$aws/events/*" },
		{ Effect: "Allow", Action: "iot:Receive", Resource: "arn:aws:iot:*:*:topic/$aws/events/*" },
	],
};

const THING = "arn:aws:iot:us-east-1:123456789012:thing/";

describe("Job events", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let monitor: MqttJsClient;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator({ things: ["alpha", "beta", "monitor"], policies: { monitor: MONITOR } });
		monitor = await MqttJsClient.connect(emulator, "monitor");
		await monitor.client.subscribeAsync(["$aws/events/job/#", "$aws/events/jobExecution/#"], { qos: 1 });
	});
	afterEach(async () => {
		await monitor.end();
		await lab.clear();
	});

	const enable = (...types: string[]) =>
		fetch(`${emulator.addresses.control.url}/event-configurations`, {
			method: "PATCH",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({ eventConfigurations: Object.fromEntries(types.map((type) => [type, { Enabled: true }])) }),
		});
	const update = (thing: string, jobId: string, status: "SUCCEEDED" | "FAILED" | "REJECTED" | "IN_PROGRESS") =>
		emulator.service.execute(thing, { type: "update", jobId, request: { status, statusDetails: { step: "x" } } });
	const topics = (from = 0) => monitor.heard.slice(from).map(({ topic }) => topic.replace("$aws/events/", ""));

	it("are told when they are enabled, each kind by itself", async () => {
		const answer = await fetch(`${emulator.addresses.control.url}/event-configurations`);
		const { eventConfigurations } = (await answer.json()) as { eventConfigurations: Record<string, object> };
		for (const [type, configuration] of Object.entries(eventConfigurations)) {
			assert.deepEqual(configuration, { Enabled: false }, type);
		}
		emulator.service.createJob({ jobId: "silent", targets: ["alpha"], document: {} });
		update("alpha", "silent", "SUCCEEDED");
		await enable("JOB");
		emulator.service.createJob({ jobId: "half", targets: ["alpha"], document: {} });
		update("alpha", "half", "SUCCEEDED");
		await monitor.next(0);
		await enable("JOB_EXECUTION");
		emulator.service.createJob({ jobId: "whole", targets: ["alpha"], document: {} });
		update("alpha", "whole", "SUCCEEDED");
		await monitor.next(2);
		assert.deepEqual(topics(), ["job/half/completed", "jobExecution/whole/succeeded", "job/whole/completed"]);
	});

	it("tell of the end of an execution, and of the job with its last one", async () => {
		await enable("JOB", "JOB_EXECUTION");
		const targets = ["alpha", "beta"];
		emulator.service.createJob({ jobId: "job", targets, document: {}, description: "both" });
		const created = emulator.service.timestamp;
		emulator.clock.advance(5_000);
		update("alpha", "job", "IN_PROGRESS");
		update("alpha", "job", "SUCCEEDED");
		update("beta", "job", "FAILED");
		await monitor.next(2);
		assert.deepEqual(topics(), ["jobExecution/job/succeeded", "jobExecution/job/failed", "job/job/completed"]);
		const [execution, , job] = monitor.heard.map(({ payload }) => payload);
		const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
		assert.match(execution?.eventId as string, uuid);
		assert.deepEqual(
			{ ...execution, eventId: "" },
			{
				eventType: "JOB_EXECUTION",
				eventId: "",
				timestamp: created + 5,
				operation: "succeeded",
				jobId: "job",
				thingArn: `${THING}alpha`,
				status: "SUCCEEDED",
				statusDetails: { step: "x" },
			},
		);
		assert.deepEqual(
			{ ...job, eventId: "" },
			{
				eventType: "JOB",
				eventId: "",
				timestamp: created + 5,
				operation: "completed",
				jobId: "job",
				status: "COMPLETED",
				targetSelection: "SNAPSHOT",
				targets: targets.map((thing) => THING + thing),
				description: "both",
				createdAt: created,
				lastUpdatedAt: created + 5,
				completedAt: created + 5,
				jobProcessDetails: {
					numberOfCanceledThings: 0,
					numberOfSucceededThings: 1,
					numberOfFailedThings: 1,
					numberOfRejectedThings: 0,
					numberOfQueuedThings: 0,
					numberOfInProgressThings: 0,
					numberOfRemovedThings: 0,
					numberOfTimedOutThings: 0,
				},
			},
		);
	});

	it("tell of a time-out, and not of the end of a job that is tried again", async () => {
		await enable("JOB", "JOB_EXECUTION");
		emulator.service.createJob({
			jobId: "job",
			targets: ["alpha"],
			document: {},
			timeoutConfig: { inProgressTimeoutInMinutes: 1 },
			...retries({ TIMED_OUT: 1 }),
		});
		update("alpha", "job", "IN_PROGRESS");
		emulator.clock.advance(60_000);
		assert.deepEqual(emulator.service.job("job")?.counts, { QUEUED: 1, IN_PROGRESS: 0, TIMED_OUT: 1 });
		update("alpha", "job", "REJECTED");
		await monitor.next(2);
		assert.deepEqual(topics(), ["jobExecution/job/timed_out", "jobExecution/job/rejected", "job/job/completed"]);
		const details = monitor.heard[2]?.payload.jobProcessDetails as Record<string, number>;
		assert.deepEqual([details.numberOfRejectedThings, details.numberOfTimedOutThings], [1, 1]);
	});

	it("tell of a cancellation and of a deletion, from beginning to end", async () => {
		await enable("JOB", "JOB_EXECUTION");
		const { url } = emulator.addresses.control;
		const send = async (method: string, path: string, body?: object) => {
			const headers = { "content-type": "application/json" };
			return await fetch(url + path, { method, ...(body && { headers, body: JSON.stringify(body) }) });
		};
		emulator.service.createJob({ jobId: "job", targets: ["alpha", "beta"], document: {} });
		update("beta", "job", "IN_PROGRESS");
		assert.equal((await send("PUT", "/jobs/job/cancel", { comment: "recalled" })).status, 200);
		await monitor.next(2);
		assert.deepEqual(topics(), ["job/job/cancellation_in_progress", "jobExecution/job/canceled", "job/job/canceled"]);
		assert.deepEqual(
			[monitor.heard[0], monitor.heard[2]].map((heard) => heard?.payload.status),
			["CANCELLATION_IN_PROGRESS", "CANCELED"],
		);
		assert.equal(monitor.heard[2]?.payload.comment, "recalled");
		assert.equal(emulator.service.execution("beta", "job")?.status, "IN_PROGRESS", "what runs may end");
		assert.equal((await send("PUT", "/jobs/job/cancel?force=true")).status, 200);
		await monitor.next(5);
		assert.deepEqual(topics(3), ["job/job/cancellation_in_progress", "jobExecution/job/canceled", "job/job/canceled"]);
		assert.equal((await send("PUT", "/jobs/job/cancel?force=false")).status, 400);
		assert.equal((await send("DELETE", "/jobs/job")).status, 200);
		await monitor.next(9);
		assert.deepEqual(topics(6), [
			"job/job/deletion_in_progress",
			"jobExecution/job/deleted",
			"jobExecution/job/deleted",
			"job/job/deleted",
		]);
		assert.equal((await send("GET", "/jobs/job")).status, 404);
	});

	it("may not be subscribed to by a device", async () => {
		const device = await MqttJsClient.connect(emulator, "alpha");
		device.client.subscribe("$aws/events/job/#");
		await device.untilClosed();
	});
});
