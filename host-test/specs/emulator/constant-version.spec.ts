import assert from "node:assert/strict";
import { ended } from "../kit/executions.js";
import { Lab, type TestEmulator, turns } from "../kit/lab.js";
import { MqttJsClient } from "../kit/mqtt-js-client.js";

const JOBS = "$aws/things/alpha/jobs";

/** The habit of the ESP32 reference: a constant version, QoS 0, an answer that nobody reads, nothing kept in flash. */
class ReferenceDevice {
	downloads = 0;
	readonly #emulator: TestEmulator;

	constructor(emulator: TestEmulator) {
		this.#emulator = emulator;
	}

	/** From one boot to the next. @returns false when there was nothing to do */
	async boot(): Promise<boolean> {
		const client = await MqttJsClient.connect(this.#emulator);
		const { payload } = await client.ask(`${JOBS}/start-next`, '{"clientToken":"test"}');
		const { jobId } = (payload.execution ?? {}) as { jobId?: string };
		if (jobId !== undefined) {
			this.downloads += 1;
			client.publish(`${JOBS}/${jobId}/update`, '{"status":"SUCCEEDED","expectedVersion":"2"}', 0);
			await client.client.subscribeAsync(`${JOBS}/notify-next`); // the broker has come that far
		}
		await client.end();
		return jobId !== undefined;
	}
}

describe("The constant version of the ESP32 reference (FreeRTOS/iot-reference-esp32#120)", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
		emulator.service.createJob({ jobId: "job-1", targets: ["alpha"], document: { operation: "reboot" } });
	});
	afterEach(() => lab.clear());

	/** A progress report of a version before, or somebody else's update: the execution is at version 3. */
	const moveVersion = () => {
		emulator.service.execute("alpha", { type: "startNext" });
		emulator.service.execute("alpha", { type: "update", jobId: "job-1", request: { status: "IN_PROGRESS" } });
	};

	it("ends a job only as long as nothing else happens", async () => {
		const device = new ReferenceDevice(emulator);
		assert.equal(await device.boot(), true);
		assert.equal(await device.boot(), false);
		assert.equal(emulator.service.execution("alpha", "job-1")?.status, "SUCCEEDED");
		assert.equal(device.downloads, 1);
	});

	it("repeats the job for ever when the version is another one", async () => {
		moveVersion();
		const device = new ReferenceDevice(emulator);
		for (let boot = 0; boot < 5; boot += 1) assert.equal(await device.boot(), true);
		assert.equal(device.downloads, 5);
		const execution = emulator.service.execution("alpha", "job-1");
		assert.deepEqual([execution?.status, execution?.versionNumber], ["IN_PROGRESS", 3]);
	});

	it("repeats the job when its one report is lost", async () => {
		emulator.faults.add({ action: "lose", to: "service", topic: "*/update", times: 2 });
		const device = new ReferenceDevice(emulator);
		while (await device.boot());
		assert.equal(device.downloads, 3);
	});

	it("is not the agent's: it ends the same job, done once", async () => {
		moveVersion();
		emulator.faults.add({ action: "lose", to: "service", topic: "*/update", times: 1 });
		const device = await lab.device(emulator);
		device.powerOn();
		assert.equal((await lab.passing(ended(emulator, "job-1"))).status, "SUCCEEDED");
		await turns();
		assert.equal(device.boots, 2, "it was rebooted once");
	});
});
