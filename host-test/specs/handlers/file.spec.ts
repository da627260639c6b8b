import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Cut } from "../../device/virtual-device.js";
import { engines, programFor } from "../kit/engines.js";
import { fileDocument, storedFile } from "../kit/file-jobs.js";
import { Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";
import { runJob } from "../kit/run-job.js";

for (const engine of engines)
	describe(`A file for the application, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		let agent: Awaited<ReturnType<typeof programFor>>;
		const [first, second] = [randomBytes(5_000), randomBytes(7_000)] as const;
		beforeEach(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
			agent = await programFor(engine);
		});
		afterEach(() => lab.clear());

		const run = (device: TestDevice, document: object) => runJob(emulator, device, document);

		for (const source of ["url", "streamId"] as const) {
			it(`comes by ${source}, and takes the place of the one before`, async () => {
				const device = await lab.device(emulator, { program: () => agent });
				const { status, statusDetails } = await run(device, fileDocument(emulator, first, source));
				assert.deepEqual([status, statusDetails], ["SUCCEEDED", { name: "ca-bundle" }]);
				assert.ok(storedFile(device)?.equals(first));
				assert.equal((await run(device, fileDocument(emulator, second, source))).status, "SUCCEEDED");
				assert.ok(storedFile(device)?.equals(second));
			});
		}

		it("is not fetched again when it is there", async () => {
			const device = await lab.device(emulator, { program: () => agent });
			const document = fileDocument(emulator, first, "url");
			await run(device, document);
			const before = emulator.images.ranges.length;
			assert.equal((await run(device, document)).status, "SUCCEEDED");
			assert.equal(emulator.images.ranges.length, before);
		});

		it("is the old one or the new one, whole, wherever the power is cut", async function () {
			this.timeout(120_000);
			let cuts = 0;
			for (let n = 0; ; n += 1) {
				const device = await lab.device(emulator, { program: () => agent });
				await run(device, fileDocument(emulator, first));
				const from = device.operations;
				let happened = false;
				let writes = 0;
				const moments: Cut["moment"][] = ["before", "torn", "after"];
				device.on("operation", (kind, at) => {
					if (kind !== "storage" || happened) return;
					if (writes === n && at >= from) {
						device.cut = { at, moment: moments[n % 3] ?? "torn" };
						happened = true;
					}
					writes += 1;
				});
				let seen: Buffer | undefined;
				device.once("off", () =>
					setImmediate(() => {
						device.powerOn();
						seen = storedFile(device);
					}),
				);
				const { status } = await run(device, fileDocument(emulator, second));
				device.removeAllListeners("off");
				if (!happened) break;
				cuts += 1;
				assert.equal(status, "SUCCEEDED", device.lines.join("\n"));
				assert.ok(seen?.equals(first) || seen?.equals(second), `cut ${n}: neither the old nor the new file`);
				assert.ok(storedFile(device)?.equals(second));
				device.cutPower();
			}
			process.stdout.write(`      the power was cut at ${cuts} storage writes\n`);
			assert.ok(cuts >= 8);
		});

		for (const [what, change, status, reason] of [
			["another digest", { sha256: "00".repeat(32) }, "FAILED", "digestMismatch"],
			["more bytes than are kept", { size: 65_537 }, "FAILED", "fileRejected"],
			["no name", { name: undefined }, "REJECTED", "invalidDocument"],
			["a name of 12 characters", { name: "abcdefghijkl" }, "REJECTED", "invalidDocument"],
			["a name that is a path", { name: "../x" }, "REJECTED", "invalidDocument"],
			["no size", { size: undefined }, "REJECTED", "invalidDocument"],
		] as const) {
			it(`with ${what}: ${reason}, and the old file stays`, async () => {
				const device = await lab.device(emulator, { program: () => agent });
				await run(device, fileDocument(emulator, first));
				const document = JSON.parse(JSON.stringify({ ...fileDocument(emulator, second), ...change }));
				const { status: end, statusDetails } = await run(device, document);
				assert.deepEqual([end, statusDetails?.reason], [status, reason]);
				assert.ok(storedFile(device)?.equals(first));
			});
		}

		it("of 64 KB fits beside another of 64 KB that it replaces, in our NVS partition", async () => {
			const device = await lab.device(emulator, { program: () => agent });
			const [one, other] = [randomBytes(65_536), randomBytes(65_536)] as const;
			assert.equal((await run(device, fileDocument(emulator, one))).status, "SUCCEEDED");
			assert.equal((await run(device, fileDocument(emulator, other))).status, "SUCCEEDED");
			assert.ok(storedFile(device)?.equals(other));
		});

		it("of 14,000 bytes fits into the SDK's NVS partition, one of 19,000 does not", async () => {
			const device = await lab.device(emulator, { program: () => agent, nvsBytes: 0x6000 });
			const { status, statusDetails } = await run(device, fileDocument(emulator, randomBytes(19_000)));
			assert.deepEqual([status, statusDetails?.reason], ["FAILED", "fileRejected"]);
			assert.match(statusDetails?.error ?? "", /ESP_ERR_NVS_NOT_ENOUGH_SPACE/);
			assert.equal((await run(device, fileDocument(emulator, randomBytes(14_000)))).status, "SUCCEEDED");
		});

		it("without room in the storage: fileRejected, and the old file stays", async () => {
			const device = await lab.device(emulator, { program: () => agent });
			await run(device, fileDocument(emulator, first));
			device.flash.fullDomain = "iot-files";
			const { status, statusDetails } = await run(device, fileDocument(emulator, second));
			assert.deepEqual([status, statusDetails?.reason], ["FAILED", "fileRejected"]);
			assert.ok(storedFile(device)?.equals(first));
		});
	});
