import assert from "node:assert/strict";
import { ended } from "../kit/executions.js";
import { Lab, type TestDevice, type TestEmulator, turns } from "../kit/lab.js";
import { WaitHandler } from "../kit/wait-handler.js";
import { waitingDevice } from "../kit/waiting-device.js";

describe("Another client on the agent's thing", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let handler: WaitHandler;
	let device: TestDevice;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
		handler = new WaitHandler();
		device = await waitingDevice(lab, emulator, handler);
	});
	afterEach(() => lab.clear());

	const meddle = () =>
		emulator.service.execute("alpha", { type: "update", jobId: "job", request: { status: "IN_PROGRESS" } });

	it("changes the execution once: the agent reports with the new version", async () => {
		meddle();
		device.enter(() => handler.context?.succeed({ done: "yes" }));
		const { status, versionNumber } = await ended(emulator, "job");
		assert.deepEqual([status, versionNumber], ["SUCCEEDED", 4]);
	});

	it("runs the execution: the agent lets it go, and does the next one", async () => {
		const requests: string[] = [];
		emulator.broker.on("message", ({ from, topic }) => {
			if (from === "device") requests.push(topic);
			// Whenever the device reports, somebody else has been quicker.
			if (from === "device" && topic.endsWith("/job/update")) meddle();
		});
		device.enter(() => handler.context?.succeed());
		await device.said(/job is let go: another client runs it/);
		await turns();
		const before = requests.length;
		lab.clock.advance(30_000);
		await turns();
		assert.equal(requests.length, before, "nothing is asked for");
		emulator.service.createJob({ jobId: "next", targets: ["alpha"], document: { operation: "dance" } });
		emulator.service.execute("alpha", { type: "update", jobId: "job", request: { status: "SUCCEEDED" } });
		assert.equal((await ended(emulator, "next")).status, "REJECTED");
	});
});
