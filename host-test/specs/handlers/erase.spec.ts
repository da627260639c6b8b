import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { engines, programFor } from "../kit/engines.js";
import { fileDocument, storedFile } from "../kit/file-jobs.js";
import { Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";
import { runJob } from "../kit/run-job.js";
import { portOf, Switchboard } from "../kit/switchboard.js";

for (const engine of engines)
	describe(`An erase job, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		let agent: Awaited<ReturnType<typeof programFor>>;
		beforeEach(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
			agent = await programFor(engine);
		});
		afterEach(() => lab.clear());

		const [first, second] = [randomBytes(5_000), randomBytes(7_000)] as const;
		const device = () => lab.device(emulator, { program: () => agent });
		const run = (test: TestDevice, document: object) => lab.passing(runJob(emulator, test, document));

		it("erases the settings: the built-in ones are used from the next start on", async () => {
			const test = await device();
			const door = await Switchboard.open(emulator.addresses.mqtt.port);
			await run(test, { operation: "config", settings: { port: door.port } });
			const { status, statusDetails } = await run(test, { operation: "erase", settings: true, files: ["nothing"] });
			assert.deepEqual([status, statusDetails], ["SUCCEEDED", { files: "0", settings: "true" }]);
			await run(test, { operation: "reboot" });
			assert.equal(portOf(test), emulator.addresses.mqtt.port);
			assert.equal((await run(test, { operation: "erase" })).statusDetails?.reason, "invalidDocument");
			await door.close();
		});

		it("erases the files that it names, and no others", async () => {
			const test = await device();
			await run(test, fileDocument(emulator, first));
			await run(test, { ...fileDocument(emulator, second), name: "other" });
			const { status, statusDetails } = await run(test, { operation: "erase", files: ["ca-bundle", "nothing"] });
			assert.deepEqual([status, statusDetails], ["SUCCEEDED", { files: "1", settings: "false" }]);
			assert.equal(storedFile(test), undefined);
			assert.ok(storedFile(test, "other")?.equals(second));
			assert.deepEqual(left(test), [], "nor are its pieces there");
		});

		/** What the storage has of the file. */
		const left = (device: TestDevice) =>
			readdirSync(join(device.flash.directory, "nvs", "iot-files")).filter((key) => key.startsWith("ca-bundle"));

		it("erases every piece of a file, wherever the power is cut", async () => {
			for (let n = 0; ; n += 1) {
				const test = await device();
				await run(test, fileDocument(emulator, first));
				let happened = false;
				test.on("operation", (_kind, at) => {
					if (happened || left(test).length + n > 4) return;
					test.cut = { at, moment: "before" };
					happened = true;
				});
				test.once("off", () => setImmediate(() => test.powerOn()));
				const { status } = await run(test, { operation: "erase", files: ["ca-bundle"] });
				test.removeAllListeners("off");
				assert.equal(status, "SUCCEEDED");
				assert.deepEqual(left(test), []);
				test.cutPower();
				if (happened) continue;
				process.stdout.write(`      the power was cut at ${n} points\n`);
				assert.ok(n >= 4, `${n}`);
				break;
			}
		});

		for (const files of ["ca-bundle", [""], ["a".repeat(12)], [7], ["../a"]]) {
			it(`with ${JSON.stringify(files)} as its files is REJECTED, and erases nothing`, async () => {
				const test = await device();
				await run(test, fileDocument(emulator, first));
				const { status, statusDetails } = await run(test, { operation: "erase", settings: true, files });
				assert.deepEqual([status, statusDetails?.reason], ["REJECTED", "invalidDocument"]);
				assert.ok(storedFile(test)?.equals(first));
			});
		}

		it("ends FAILED with storageFailed where the storage fails", async () => {
			const test = await device();
			await run(test, fileDocument(emulator, first));
			test.flash.failure = "unreadable";
			const { status, statusDetails } = await run(test, { operation: "erase", files: ["ca-bundle"] });
			assert.deepEqual([status, statusDetails?.reason], ["FAILED", "storageFailed"]);
		});
	});
