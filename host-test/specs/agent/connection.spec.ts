import assert from "node:assert/strict";
import { ended } from "../kit/executions.js";
import { publishImage } from "../kit/images.js";
import { Lab, type TestDevice } from "../kit/lab.js";
import { execution, type Published, ScriptedBroker, topics } from "../kit/scripted-broker.js";

describe("The agent on a silent connection", () => {
	let lab: Lab;
	let broker: ScriptedBroker;
	let device: TestDevice;
	beforeEach(async () => {
		lab = new Lab();
		broker = await ScriptedBroker.start();
		device = await lab.deviceAt("127.0.0.1", broker.port, { credentials: await ScriptedBroker.credentials() });
	});
	afterEach(async () => {
		await lab.clear();
		await broker.close();
	});

	/** A device whose job ended REJECTED for its operation: the report has been sent. */
	async function reporting(): Promise<Published> {
		device.powerOn();
		broker.accept(await broker.next(), { execution: execution({ jobDocument: { operation: "dance" } }) });
		return await broker.next();
	}

	it("gives up after three sends, and asks about its execution on the next one", async () => {
		const update = await reporting();
		lab.clock.advance(10_000);
		const second = await broker.next();
		lab.clock.advance(10_000);
		const third = await broker.next();
		assert.deepEqual([second.payload, third.payload], [update.payload, update.payload]);
		lab.clock.advance(10_000);
		await device.said(/connection given up: no answer/);
		const describe = await broker.next();
		assert.equal(describe.topic, topics.describe());
	});

	it("gives up an idle connection after one and a half keep-alives", async () => {
		device.powerOn();
		broker.accept(await broker.next());
		await device.said(/nothing is pending/);
		broker.acknowledge = false;
		lab.clock.advance(60_000 * 1.5);
		await device.said(/connection given up: the socket failed/);
		assert.equal(device.aborts, 0);
	});
});

describe("The agent after a lost connection", () => {
	let lab: Lab;
	beforeEach(() => {
		lab = new Lab();
	});
	afterEach(() => lab.clear());

	it("finishes the download that was under way", async () => {
		const emulator = await lab.emulator();
		const device = await lab.device(emulator);
		emulator.service.createJob({ jobId: "update", targets: ["alpha"], document: publishImage(emulator).document });
		device.once("flash", () => emulator.broker.disconnect("alpha"));
		device.powerOn();
		assert.equal((await ended(emulator, "update")).status, "SUCCEEDED");
	});

	it("finds a job that was created while it was away", async () => {
		const emulator = await lab.emulator();
		const device = await lab.device(emulator);
		device.powerOn();
		await device.said(/nothing is pending/);
		emulator.faults.add({ action: "lose", to: "device", topic: "*/notify-next" });
		emulator.broker.disconnect("alpha");
		emulator.service.createJob({ jobId: "missed", targets: ["alpha"], document: { operation: "dance" } });
		await device.said(/connection given up/);
		assert.equal((await ended(emulator, "missed")).status, "REJECTED");
	});
});
