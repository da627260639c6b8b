import assert from "node:assert/strict";
import { engines, programFor } from "../kit/engines.js";
import { ended } from "../kit/executions.js";
import { publishStream } from "../kit/images.js";
import { Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";
import { PlainBroker } from "../kit/plain-broker.js";

describe("The Jobs service as a client of another broker", function () {
	this.timeout(60_000);
	let lab: Lab;
	let broker: PlainBroker;
	beforeEach(async () => {
		lab = new Lab();
		broker = await PlainBroker.start();
	});
	afterEach(async () => {
		await lab.clear();
		await broker.close();
	});

	const attached = (): Promise<TestEmulator> => lab.emulator({ broker: { url: broker.url } });

	for (const engine of engines) {
		describe(`a device that subscribes to its answers, the agent in ${engine}`, () => {
			let emulator: TestEmulator;
			let device: TestDevice;
			beforeEach(async () => {
				emulator = await attached();
				const agent = await programFor(engine);
				device = await lab.device(emulator, { config: { subscribeAnswers: true }, program: () => agent });
			});

			it("does a job, and an update by a file stream", async () => {
				device.powerOn();
				emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "reboot" } });
				assert.equal((await ended(emulator, "job")).status, "SUCCEEDED");
				const { document } = publishStream(emulator);
				emulator.service.createJob({ jobId: "update", targets: ["alpha"], document });
				assert.equal((await ended(emulator, "update")).status, "SUCCEEDED", device.lines.join("\n"));
				assert.equal(emulator.images.ranges.length, 0, "nothing came by HTTPS");
			});

			it("does a job with messages lost, doubled, late and refused on the way", async () => {
				emulator.faults.add({ action: "lose", to: "device", topic: "*/accepted", times: 1 });
				emulator.faults.add({ action: "error", topic: "*/update", code: "RequestThrottled", times: 1 });
				emulator.faults.add({ action: "duplicate", to: "service", probability: 0.5, seed: 3 });
				emulator.faults.add({ action: "reorder", to: "device", probability: 0.2, seed: 4, ms: 10 });
				device.powerOn();
				emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "reboot" } });
				assert.equal((await lab.passing(ended(emulator, "job"))).status, "SUCCEEDED");
				assert.equal(device.aborts, 0);
			});
		});
	}

	it("a device that does not subscribe hears nothing, and asks again", async () => {
		const emulator = await attached();
		const device = await lab.device(emulator);
		const topics: string[] = [];
		broker.onPublish(({ topic }) => topics.push(topic));
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "reboot" } });
		device.powerOn();
		await lab.passing(device.said(/no answer/));
		assert.ok(topics.includes("$aws/things/alpha/jobs/start-next/accepted"), topics.join("\n"));
		assert.equal(emulator.service.execution("alpha", "job")?.status, "IN_PROGRESS");
	});

	it("a retained request is not answered again", async () => {
		broker.publish("$aws/things/alpha/jobs/start-next", "{}", true);
		const emulator = await attached();
		const log: string[] = [];
		emulator.broker.on("log", (line) => log.push(line));
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "reboot" } });
		await emulator.broker.restart();
		const device = await lab.device(emulator, { config: { subscribeAnswers: true } });
		device.powerOn();
		await lab.passing(ended(emulator, "job"));
		assert.match(log.join("\n"), /ignored: a retained message on \$aws\/things\/alpha\/jobs\/start-next/);
	});

	it("goes on after a restart of the broker", async () => {
		const emulator = await attached();
		const device = await lab.device(emulator, { config: { subscribeAnswers: true } });
		device.powerOn();
		await device.said(/nothing is pending|connected/);
		const back = new Promise<void>((resolve) =>
			emulator.broker.on("log", (line) => line.includes("connected to the broker again") && resolve()),
		);
		await broker.restart();
		await back;
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "reboot" } });
		assert.equal((await lab.passing(ended(emulator, "job"))).status, "SUCCEEDED");
	});

	it("says what the broker has to allow when it refuses subscriptions", async () => {
		broker.refuseSubscriptions();
		await assert.rejects(
			attached(),
			/no subscription to \$aws\/things\/\+\/jobs\/get: .*is iot\.jobs\.service allowed/,
		);
	});
});
