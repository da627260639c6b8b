import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { StoredFiles } from "../../../src/storage/stored-files.js";
import type { Cut } from "../../device/virtual-device.js";
import { engines, programFor } from "../kit/engines.js";
import { ended, Lab, publishStream, type TestDevice, type TestEmulator } from "../kit/lab.js";

for (const engine of engines)
	describe(`A file for the application, the agent in ${engine}`, () => {
		let bench: Lab;
		let emulator: TestEmulator;
		let agent: Awaited<ReturnType<typeof programFor>>;
		const [first, second] = [randomBytes(5_000), randomBytes(7_000)] as const;
		beforeEach(async () => {
			bench = new Lab();
			emulator = await bench.emulator();
			agent = await programFor(engine);
		});
		afterEach(() => bench.clear());

		/** The document that brings this file; by a stream unless the URL is asked for. */
		function documentOf(bytes: Buffer, source: "url" | "streamId" = "streamId"): Record<string, unknown> {
			const { version: _, ...document } = publishStream(emulator, bytes).document;
			delete document[source === "url" ? "streamId" : "url"];
			return { ...document, operation: "file", name: "ca-bundle" };
		}

		let jobs = 0;
		async function run(device: TestDevice, document: Record<string, unknown>) {
			jobs += 1;
			const jobId = `file-${jobs}`;
			emulator.service.createJob({ jobId, targets: ["alpha"], document });
			device.powerOn();
			const { status, statusDetails } = await ended(emulator, jobId);
			await device.said(/is over|is let go/);
			return { status, statusDetails };
		}

		/** What an application reads: whole, or what is the matter. */
		function stored(device: TestDevice, name = "ca-bundle"): Buffer | undefined {
			let content: Buffer | undefined;
			if (!device.powered) device.powerOn();
			device.enter(() => {
				const files = new StoredFiles();
				const file = files.find(name);
				if (file === undefined) return;
				const pieces: Uint8Array[] = [];
				for (let i = 0; ; i += 1) {
					const piece = files.read(name, i);
					if (piece === undefined) break;
					pieces.push(piece);
				}
				content = Buffer.concat(pieces);
				assert.equal(content.byteLength, file.size);
			});
			return content;
		}

		for (const source of ["url", "streamId"] as const) {
			it(`comes by ${source}, and takes the place of the one before`, async () => {
				const device = await bench.device(emulator, { program: () => agent });
				const { status, statusDetails } = await run(device, documentOf(first, source));
				assert.deepEqual([status, statusDetails], ["SUCCEEDED", { name: "ca-bundle" }]);
				assert.ok(stored(device)?.equals(first));
				assert.equal((await run(device, documentOf(second, source))).status, "SUCCEEDED");
				assert.ok(stored(device)?.equals(second));
			});
		}

		it("is not fetched again when it is there", async () => {
			const device = await bench.device(emulator, { program: () => agent });
			const document = documentOf(first, "url");
			await run(device, document);
			const before = emulator.images.ranges.length;
			assert.equal((await run(device, document)).status, "SUCCEEDED");
			assert.equal(emulator.images.ranges.length, before);
		});

		it("is the old one or the new one, whole, wherever the power is cut; and the job ends SUCCEEDED, once", async function () {
			this.timeout(120_000);
			let cuts = 0;
			for (let n = 0; ; n += 1) {
				const device = await bench.device(emulator, { program: () => agent });
				await run(device, documentOf(first));
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
						seen = stored(device);
					}),
				);
				const { status } = await run(device, documentOf(second));
				device.removeAllListeners("off");
				if (!happened) break;
				cuts += 1;
				assert.equal(status, "SUCCEEDED", device.lines.join("\n"));
				assert.ok(seen?.equals(first) || seen?.equals(second), `cut ${n}: neither the old nor the new file`);
				assert.ok(stored(device)?.equals(second));
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
			it(`with ${what} ends ${status} with ${reason}, and the old file stays`, async () => {
				const device = await bench.device(emulator, { program: () => agent });
				await run(device, documentOf(first));
				const document = JSON.parse(JSON.stringify({ ...documentOf(second), ...change }));
				const { status: end, statusDetails } = await run(device, document);
				assert.deepEqual([end, statusDetails?.reason], [status, reason]);
				assert.ok(stored(device)?.equals(first));
			});
		}

		it("is gone when an erase job names it, and another stays", async () => {
			const device = await bench.device(emulator, { program: () => agent });
			await run(device, documentOf(first));
			await run(device, { ...documentOf(second), name: "other" });
			const { status, statusDetails } = await run(device, { operation: "erase", files: ["ca-bundle", "nothing"] });
			assert.deepEqual([status, statusDetails], ["SUCCEEDED", { files: "1", settings: "false" }]);
			assert.equal(stored(device), undefined);
			assert.ok(stored(device, "other")?.equals(second));
			assert.deepEqual(left(device), [], "nor are its pieces there");
		});

		/** What the storage has of the file. */
		const left = (device: TestDevice) =>
			readdirSync(join(device.flash.directory, "nvs", "iot-files")).filter((key) => key.startsWith("ca-bundle"));

		it("is gone, with all its pieces, wherever the power is cut while it is erased", async () => {
			for (let n = 0; ; n += 1) {
				const device = await bench.device(emulator, { program: () => agent });
				await run(device, documentOf(first));
				let happened = false;
				device.on("operation", (_kind, at) => {
					if (happened || left(device).length + n > 4) return;
					device.cut = { at, moment: "before" };
					happened = true;
				});
				device.once("off", () => setImmediate(() => device.powerOn()));
				const { status } = await run(device, { operation: "erase", files: ["ca-bundle"] });
				device.removeAllListeners("off");
				assert.equal(status, "SUCCEEDED");
				assert.deepEqual(left(device), []);
				device.cutPower();
				if (!happened) break;
				assert.ok(n < 10);
			}
		});

		for (const files of ["ca-bundle", [""], ["a".repeat(12)], [7], ["../a"]]) {
			it(`is not gone when an erase job's files are ${JSON.stringify(files)}: REJECTED`, async () => {
				const device = await bench.device(emulator, { program: () => agent });
				await run(device, documentOf(first));
				const { status, statusDetails } = await run(device, { operation: "erase", settings: true, files });
				assert.deepEqual([status, statusDetails?.reason], ["REJECTED", "invalidDocument"]);
				assert.ok(stored(device)?.equals(first));
			});
		}

		it("cannot be erased where the storage fails: FAILED with storageFailed", async () => {
			const device = await bench.device(emulator, { program: () => agent });
			await run(device, documentOf(first));
			device.flash.failure = "unreadable";
			const { status, statusDetails } = await run(device, { operation: "erase", files: ["ca-bundle"] });
			assert.deepEqual([status, statusDetails?.reason], ["FAILED", "storageFailed"]);
		});

		it("for which there is no place ends FAILED with fileRejected, and the old file stays", async () => {
			const device = await bench.device(emulator, { program: () => agent });
			await run(device, documentOf(first));
			device.flash.fullDomain = "iot-files";
			const { status, statusDetails } = await run(device, documentOf(second));
			assert.deepEqual([status, statusDetails?.reason], ["FAILED", "fileRejected"]);
			assert.ok(stored(device)?.equals(first));
		});
	});
