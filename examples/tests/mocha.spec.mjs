import assert from "node:assert/strict";
import { Emulator } from "moddable-iot-jobs";

describe("Two lamps", function () {
	this.timeout(60_000); // a key for each takes a while
	let emulator;
	before(async () => {
		emulator = await Emulator.start();
	});
	after(() => emulator.close());

	it("do a job for their group", async () => {
		for (const name of ["lamp-1", "lamp-2"]) {
			await emulator.createThing(name, { groups: ["lamps"] });
			(await emulator.device(name)).powerOn();
		}
		const { jobId } = emulator.createJob({ groups: ["lamps"], document: { operation: "reboot" } });
		const { counts } = await emulator.waitForJob(jobId);
		assert.deepEqual(counts.SUCCEEDED, 2);
	});
});
