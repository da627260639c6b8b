import assert from "node:assert/strict";
import { makeImage } from "../../device/image.js";
import type { KeyFiles } from "../../device/key-files.js";
import { engines, programFor } from "../kit/engines.js";
import { ended } from "../kit/executions.js";
import { publishImage } from "../kit/images.js";
import { Lab, type TestDevice, type TestEmulator, turns } from "../kit/lab.js";
import { mainWith } from "../kit/main-with.js";

const FAILURES: readonly NonNullable<KeyFiles["failure"]>[] = ["full", "unread", "silent"];
const image = makeImage({ version: "2.0.0", programBytes: 60_000 });
/** Its operations that write the flash, when nothing fails. */
const PAGES = Math.ceil(image.byteLength / 4_096);

for (const engine of engines)
	describe(`Storage that wears out during a job, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		let device: TestDevice;
		let flashWrites = 0;
		beforeEach(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
			const program = await programFor(engine);
			device = await lab.device(emulator, { program: () => program });
			flashWrites = 0;
			device.on("operation", (kind) => {
				if (kind === "flash") flashWrites += 1;
			});
		});
		afterEach(() => lab.clear());

		/** From the n-th write on, counted from 0. */
		function failFrom(nth: number, failure: KeyFiles["failure"]): void {
			let writes = 0;
			device.on("operation", (kind) => {
				if (kind === "storage" && writes++ >= nth) device.flash.failure = failure;
			});
		}

		async function run(document: object) {
			emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: document as Record<string, unknown> });
			device.powerOn();
			return await lab.passing(ended(emulator, "job"));
		}

		for (const failure of FAILURES) {
			for (const nth of [0, 1]) {
				it(`${failure} from write ${nth} on: a reboot ends FAILED, with no reset`, async () => {
					failFrom(nth, failure);
					const { status, statusDetails } = await run({ operation: "reboot" });
					assert.deepEqual([status, statusDetails?.reason], ["FAILED", "storageFailed"], device.lines.join("\n"));
					assert.deepEqual([device.boots, device.aborts], [1, 0]);
				});

				it(`${failure} from write ${nth} on: an image ends FAILED, fetched once at most`, async () => {
					failFrom(nth, failure);
					const { status, statusDetails } = await run(publishImage(emulator, image, "2.0.0").document);
					assert.deepEqual([status, statusDetails?.reason], ["FAILED", "storageFailed"], device.lines.join("\n"));
					assert.deepEqual([device.boots, device.aborts], [1, 0]);
					assert.ok(flashWrites <= PAGES, `${flashWrites} writes of flash`);
				});
			}

			it(`${failure} from any later write on: one end, and two boots at most`, async () => {
				for (let nth = 2; nth < 8; nth += 1) {
					device.flash.failure = undefined;
					device.removeAllListeners("operation");
					failFrom(nth, failure);
					const { boots } = device;
					const jobId = `job-${nth}`;
					emulator.service.createJob({ jobId, targets: ["alpha"], document: { operation: "reboot" } });
					device.powerOn();
					const { status, statusDetails } = await lab.passing(ended(emulator, jobId));
					if (status !== "SUCCEEDED") assert.equal(statusDetails?.reason, "storageFailed", device.lines.join("\n"));
					assert.ok(device.boots - boots <= 2, `${device.boots - boots} boots`);
					device.cutPower();
				}
				assert.equal(device.aborts, 0);
			});
		}
	});

describe("A machine that ends while the storage counts nothing", () => {
	it("asks the service once an hour", async () => {
		const lab = new Lab();
		const emulator = await lab.emulator();
		const crash = {
			operation: "crash",
			start: () =>
				device.enter(() => {
					throw new Error("memory full");
				}),
		};
		const device: TestDevice = await lab.device(emulator, { program: () => () => mainWith([crash]) });
		device.flash.failure = "full";
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "crash" } });
		device.powerOn();
		await lab.passing(device.said(/unhandled exception/));
		for (let minute = 0; minute < 5 * 60; minute += 1) {
			lab.clock.advance(60_000);
			await turns(10);
		}
		assert.ok(device.aborts >= 3 && device.aborts <= 7, `${device.aborts} resets in five hours`);
		await lab.clear();
	});
});
