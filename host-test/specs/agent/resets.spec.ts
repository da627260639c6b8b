import assert from "node:assert/strict";
import { ended } from "../kit/executions.js";
import { Lab } from "../kit/lab.js";
import { mainWith } from "../kit/main-with.js";
import { execution, ScriptedBroker } from "../kit/scripted-broker.js";
import { WaitHandler } from "../kit/wait-handler.js";

describe("A job that resets the device again and again", () => {
	let lab: Lab;
	beforeEach(() => {
		lab = new Lab();
	});
	afterEach(() => lab.clear());

	it("ends FAILED with tooManyResets when it makes no checkpoint", async () => {
		const broker = await ScriptedBroker.start();
		const credentials = await ScriptedBroker.credentials();
		const device = await lab.deviceAt("127.0.0.1", broker.port, { credentials });
		device.powerOn();
		const jobDocument = {
			operation: "ota",
			version: "2",
			url: "https://127.0.0.1:1/",
			size: 9,
			sha256: "00".repeat(32),
		};
		broker.accept(await broker.next(), { execution: execution({ jobDocument, versionNumber: 3 }) });
		await device.said(/claimed/);
		for (let i = 0; i < 11; i += 1) device.reset();
		const describe = await broker.next();
		broker.accept(describe, { execution: execution({ versionNumber: 3 }) });
		const update = await broker.next();
		assert.equal(update.payload.status, "FAILED");
		const details = update.payload.statusDetails as Record<string, string>;
		assert.deepEqual([details.reason, details.resetReason], ["tooManyResets", "powerOn"]);
		device.cutPower();
		await broker.close();
	});

	it("ends FAILED with tooManyResets although it writes checkpoints", async () => {
		const emulator = await lab.emulator();
		const handler = new WaitHandler();
		const device = await lab.device(emulator, { program: () => () => mainWith([handler], { maxResets: 5 }) });
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "wait" } });
		device.powerOn();
		await device.said(/job waits/);
		for (let boot = 0; boot < 5; boot += 1) {
			const from = device.lines.length;
			device.enter(() => handler.context?.checkpoint(new Uint8Array([boot])));
			device.enter(() => {
				throw new Error("out of memory");
			});
			await device.said(/job waits again/, from);
		}
		device.enter(() => {
			throw new Error("out of memory");
		});
		const { status, statusDetails } = await ended(emulator, "job");
		assert.equal(status, "FAILED");
		assert.deepEqual(statusDetails, { reason: "tooManyResets", resetReason: "Error: out of memory", boots: "6" });
	});
});
