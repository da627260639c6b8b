import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ended } from "../kit/executions.js";
import { Lab, type TestEmulator } from "../kit/lab.js";

const OWN = "$aws/things/alpha/jobs";

describe("The cost of a job", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
	});
	afterEach(() => lab.clear());

	const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

	function assertPageSays(messages: number, writes: number): void {
		assert.match(read("docs/operator.md"), new RegExp(`\\| +${messages} +\\| +${writes} +\\|`));
	}

	it("a reboot costs four messages and six record writes", async () => {
		const device = await lab.device(emulator);
		device.powerOn();
		await device.said(/nothing is pending/);
		let published = 0;
		emulator.broker.on("message", ({ from }) => {
			if (from === "device") published += 1;
		});
		const before = device.storageWrites;
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "reboot" } });
		await device.said(/job is over/);
		assert.deepEqual([published, device.storageWrites - before], [4, 6]);
		assertPageSays(4, 6);
		assert.ok(read("README.md").includes("4 messages, 6 record writes"));
	});

	it("a plain job costs two messages and four record writes", async () => {
		const device = await lab.device(emulator);
		device.powerOn();
		await device.said(/nothing is pending/);
		const published: string[] = [];
		emulator.broker.on("message", ({ from, topic }) => {
			if (from === "device") published.push(topic.replace(OWN, ""));
		});
		const before = device.storageWrites;
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "ota" } });
		await ended(emulator, "job");
		await device.said(/is over/);
		const from = device.lines.length;
		device.reset();
		await device.said(/nothing is pending/, from);
		assert.deepEqual(published.slice(0, 2), ["/start-next", "/job/update"]);
		assert.equal(published.length, 3, "the third is the question after the reset");
		assert.equal(device.storageWrites - before, 4);
		assertPageSays(2, 4);
	});
});
