import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Emulator, makeImage } from "moddable-iot-jobs";

let emulator;
before(async () => {
	emulator = await Emulator.start({ things: ["lamp"] });
});
after(() => emulator.close());

test("a reboot that loses its answer is done once", async () => {
	const device = await emulator.device("lamp");
	emulator.faults.add({ action: "lose", to: "device", topic: "*/update/accepted", times: 1 });
	let boots = 0;
	device.on("boot", () => {
		boots += 1;
	});
	device.powerOn();
	const { jobId } = emulator.createJob({ targets: ["lamp"], document: { operation: "reboot" } });
	const execution = await emulator.waitForExecution(jobId, "lamp");
	assert.equal(execution.status, "SUCCEEDED");
	assert.equal(boots, 2);
	await device.close();
});

test("a firmware update survives a power cut", async () => {
	const device = await emulator.device("lamp");
	const image = makeImage({ version: "2.0.0", programBytes: 100_000 });
	const file = emulator.putImage("firmware.bin", image);
	device.on("off", () => device.powerOn());
	const stop = device.on("flash", (written) => {
		if (written < 40_000) return;
		stop();
		device.cutPowerAt({ at: device.operations, moment: "torn" });
	});
	device.powerOn();
	const { jobId } = emulator.createJob({
		targets: ["lamp"],
		document: { operation: "ota", version: "2.0.0", ...file },
	});
	assert.equal((await emulator.waitForExecution(jobId, "lamp")).status, "SUCCEEDED");
	assert.equal(device.version, "2.0.0");
});
