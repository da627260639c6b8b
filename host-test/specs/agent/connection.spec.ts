import assert from "node:assert/strict";
import { ended, Lab, publishImage, type TestDevice } from "../kit/lab.js";
import { execution, type Published, ScriptedBroker, topics } from "../kit/scripted-broker.js";

describe("The agent on a connection that answers nothing", () => {
	let bench: Lab;
	let broker: ScriptedBroker;
	let device: TestDevice;
	beforeEach(async () => {
		bench = new Lab();
		broker = await ScriptedBroker.start();
		device = await bench.deviceAt("127.0.0.1", broker.port, { credentials: await ScriptedBroker.credentials() });
	});
	afterEach(async () => {
		await bench.clear();
		await broker.close();
	});

	/** A device whose job ended REJECTED for its operation: the report has been sent. */
	async function reporting(): Promise<Published> {
		device.powerOn();
		broker.accept(await broker.next(), { execution: execution({ jobDocument: { operation: "dance" } }) });
		return await broker.next();
	}

	it("three sends without an answer give the connection up; the record is settled on the next one", async () => {
		const update = await reporting();
		bench.clock.advance(10_000);
		const second = await broker.next();
		bench.clock.advance(10_000);
		const third = await broker.next();
		assert.deepEqual([second.payload, third.payload], [update.payload, update.payload]);
		bench.clock.advance(10_000);
		await device.said(/connection given up: no answer/);
		const describe = await broker.next();
		assert.equal(describe.topic, topics.describe());
	});

	it("silence on an idle connection ends it within four keep-alives", async () => {
		device.powerOn();
		broker.accept(await broker.next());
		await device.said(/nothing is pending/);
		broker.acknowledge = false;
		bench.clock.advance(60_000 * 4);
		await device.said(/connection given up: nothing is heard any more/);
		assert.equal(device.aborts, 0);
	});
});

describe("The agent whose connection is lost", () => {
	let bench: Lab;
	beforeEach(() => {
		bench = new Lab();
	});
	afterEach(() => bench.clear());

	it("a lost connection in the middle of a download does not disturb it", async () => {
		const emulator = await bench.emulator();
		const device = await bench.device(emulator);
		emulator.service.createJob({ jobId: "update", targets: ["alpha"], document: publishImage(emulator).document });
		device.once("flash", () => emulator.broker.disconnect("alpha"));
		device.powerOn();
		assert.equal((await ended(emulator, "update")).status, "SUCCEEDED");
	});

	it("a job that is made while the device is away is found at the next connection", async () => {
		const emulator = await bench.emulator();
		const device = await bench.device(emulator);
		device.powerOn();
		await device.said(/nothing is pending/);
		emulator.faults.add({ action: "lose", to: "device", topic: "*/notify-next" });
		emulator.broker.disconnect("alpha");
		emulator.service.createJob({ jobId: "missed", targets: ["alpha"], document: { operation: "dance" } });
		await device.said(/connection given up/);
		assert.equal((await ended(emulator, "missed")).status, "REJECTED");
	});
});
