import assert from "node:assert/strict";

import { ended } from "../kit/executions.js";
import { retries } from "../kit/job-config.js";
import { Lab, type TestEmulator, turns } from "../kit/lab.js";

import { mainWith } from "../kit/main-with.js";
import { WaitHandler } from "../kit/wait-handler.js";

describe("The agent", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
	});
	afterEach(() => lab.clear());

	it("does the jobs of its queue one after the other", async () => {
		const device = await lab.device(emulator);
		const order: string[] = [];
		emulator.service.on("execution", (_thing, { jobId, status }) => {
			if (status === "SUCCEEDED" || status === "REJECTED") order.push(`${jobId} ${status}`);
		});
		for (const [jobId, operation] of [
			["a", "reboot"],
			["b", "dance"],
			["c", "reboot"],
		] as const) {
			emulator.service.createJob({ jobId, targets: ["alpha"], document: { operation } });
		}
		device.powerOn();
		await ended(emulator, "c");
		assert.deepEqual(order, ["a SUCCEEDED", "b REJECTED", "c SUCCEEDED"]);
	});

	it("runs a retry by the service as another execution of the same job", async () => {
		const handler = new WaitHandler();
		const device = await lab.device(emulator, { program: () => () => mainWith([handler]) });
		device.powerOn();
		const document = { operation: "wait" };
		emulator.service.createJob({ jobId: "again", targets: ["alpha"], document, ...retries({ FAILED: 1 }) });
		await device.said(/again waits/);
		const from = device.lines.length;
		device.enter(() => handler.context?.fail("handlerError"));
		await device.said(/claimed again #2/, from);
		await device.said(/again waits/, from);
		device.enter(() => handler.context?.succeed());
		await turns(40);
		assert.equal(emulator.service.execution("alpha", "again", 1)?.status, "FAILED");
		assert.equal((await ended(emulator, "again")).status, "SUCCEEDED");
	});

	it("runs a job once that it is notified of four times", async () => {
		const device = await lab.device(emulator);
		device.powerOn();
		await device.said(/nothing is pending/);
		const starts: string[] = [];
		emulator.broker.on("message", ({ from, topic }) => {
			if (from === "device") starts.push(topic);
		});
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "reboot" } });
		const notice = { timestamp: 1, execution: { ...executionOf("job") } };
		for (let i = 0; i < 3; i += 1) emulator.broker.publish("$aws/things/alpha/jobs/notify-next", notice);
		const execution = await ended(emulator, "job");
		assert.equal(execution.status, "SUCCEEDED");
		assert.equal(device.boots, 2);
		assert.equal(starts.filter((topic) => topic.endsWith("/start-next")).length, 1);
	});
});

function executionOf(jobId: string) {
	return {
		jobId,
		thingName: "alpha",
		status: "QUEUED",
		queuedAt: 1,
		lastUpdatedAt: 1,
		versionNumber: 1,
		executionNumber: 1,
		jobDocument: { operation: "reboot" },
	};
}
