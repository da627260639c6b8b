import assert from "node:assert/strict";
import { makeImage } from "../../device/image.js";
import { engines, programFor } from "../kit/engines.js";
import { ended, history } from "../kit/executions.js";
import { publishImage } from "../kit/images.js";
import { Lab, type TestDevice } from "../kit/lab.js";

for (const engine of engines)
	describe(`A firmware job, the agent in ${engine}`, () => {
		let lab: Lab;
		let agent: Awaited<ReturnType<typeof programFor>>;
		beforeEach(async () => {
			lab = new Lab();
			agent = await programFor(engine);
		});
		afterEach(() => lab.clear());

		/** The old image runs, and the boot loader has no other in mind. */
		function assertOldImageRuns(device: TestDevice): void {
			assert.equal(device.running?.version, "1.0.0");
			assert.equal(device.running?.slot, device.flash.bootData.boot);
		}

		it("ends SUCCEEDED with both versions, the new image confirmed and whole", async () => {
			const emulator = await lab.emulator({ imageBytesPerSecond: 100_000 });
			const device = await lab.device(emulator, { program: () => agent });
			const { image, document } = publishImage(emulator);
			const states = history(emulator, "update");
			emulator.service.createJob({ jobId: "update", targets: ["alpha"], document });
			device.powerOn();
			const execution = await ended(emulator, "update");
			assert.equal(execution.status, "SUCCEEDED");
			assert.deepEqual(execution.statusDetails, { from: "1.0.0", to: "2.0.0" });
			assert.equal(device.running?.version, "2.0.0");
			assert.ok(device.flash.holds(1, image));
			assert.deepEqual(device.flash.bootData, { boot: 1, states: ["VALID", "VALID"] });
			assert.equal(device.aborts, 0);
			const steps = states.map(({ statusDetails }) => statusDetails?.step).filter((step) => step !== undefined);
			assert.ok(steps.includes("download") && steps.includes("restart"), `progress was reported: ${steps.join()}`);
		});

		it("costs at most nine progress reports and eight other storage writes", async () => {
			const emulator = await lab.emulator();
			const device = await lab.device(emulator, { program: () => agent });
			const { document } = publishImage(emulator);
			let published = 0;
			emulator.broker.on("message", ({ from }) => {
				if (from === "device") published += 1;
			});
			emulator.service.createJob({ jobId: "update", targets: ["alpha"], document });
			device.powerOn();
			await ended(emulator, "update");
			const progress = published - 4; // start-next, checkpoint, describe, SUCCEEDED
			await device.said(/SUCCEEDED/);
			assert.ok(progress <= 9, `${progress} progress reports`);
			assert.ok(device.storageWrites - progress <= 8, `${device.storageWrites} storage writes`);
		});

		for (const [what, change, status, reason] of [
			["a wrong digest", { sha256: "00".repeat(32) }, "FAILED", "digestMismatch"],
			["fewer bytes than the document says", { size: 999_999 }, "FAILED", "sizeMismatch"],
			["more bytes than the document says", { size: 10 }, "FAILED", "sizeMismatch"],
			["an image that does not fit the partition", { size: 99_999_999 }, "FAILED", "imageRejected"],
			["no image at the URL", { url: "https://127.0.0.1:PORT/images/nothing" }, "FAILED", "downloadFailed"],
			["a URL that is not https", { url: "http://127.0.0.1/x" }, "REJECTED", "invalidDocument"],
			["a line break in the URL", { url: "https://127.0.0.1/x\r\nHost: y" }, "REJECTED", "invalidDocument"],
			["no digest", { sha256: undefined }, "REJECTED", "invalidDocument"],
			["a size that is a string", { size: "12" }, "REJECTED", "invalidDocument"],
			["no version", { version: undefined }, "REJECTED", "invalidDocument"],
		] as const) {
			it(`with ${what} ends ${status} with ${reason}`, async () => {
				const emulator = await lab.emulator();
				const device = await lab.device(emulator, { program: () => agent });
				const { document } = publishImage(emulator);
				const port = new URL(emulator.addresses.data.url).port;
				const changed = JSON.parse(JSON.stringify({ ...document, ...change }).replace("PORT", port));
				emulator.service.createJob({ jobId: "update", targets: ["alpha"], document: changed });
				device.powerOn();
				const execution = await ended(emulator, "update");
				assert.equal(execution.status, status);
				assert.equal(execution.statusDetails?.reason, reason);
				assertOldImageRuns(device);
				device.reset();
				assertOldImageRuns(device);
			});
		}

		it("whose bytes are no image is refused by the platform: FAILED with imageRejected", async () => {
			const emulator = await lab.emulator();
			const device = await lab.device(emulator, { program: () => agent });
			const { document } = publishImage(emulator, Buffer.alloc(5_000, 7));
			emulator.service.createJob({ jobId: "update", targets: ["alpha"], document });
			device.powerOn();
			const execution = await ended(emulator, "update");
			assert.deepEqual([execution.status, execution.statusDetails?.reason], ["FAILED", "imageRejected"]);
			assertOldImageRuns(device);
		});

		it("whose image cannot reach the service is rolled back: FAILED with selfTestFailed", async () => {
			const emulator = await lab.emulator();
			const device = await lab.device(emulator, { program: () => agent, config: { selfTestMs: 60_000 } });
			const { document } = publishImage(emulator);
			device.on("boot", ({ version }) => {
				// The new firmware talks to a port where nobody listens.
				if (version === "2.0.0") device.setConfig({ port: 1 });
				else device.setConfig({});
			});
			emulator.service.createJob({ jobId: "update", targets: ["alpha"], document });
			device.powerOn();
			const execution = await ended(emulator, "update");
			assert.deepEqual([execution.status, execution.statusDetails?.reason], ["FAILED", "selfTestFailed"]);
			assertOldImageRuns(device);
		});

		it("whose image crashes is rolled back by the boot loader: FAILED, rolledBack", async () => {
			const emulator = await lab.emulator();
			const device = await lab.device(emulator, {
				program: ({ version }) =>
					version === "2.0.0"
						? () => {
								throw new Error("the new firmware is broken");
							}
						: agent,
			});
			const { document } = publishImage(emulator);
			emulator.service.createJob({ jobId: "update", targets: ["alpha"], document });
			device.powerOn();
			const execution = await ended(emulator, "update");
			assert.deepEqual([execution.status, execution.statusDetails?.reason], ["FAILED", "rolledBack"]);
			assert.equal(execution.statusDetails?.resetReason, "Error: the new firmware is broken");
			assertOldImageRuns(device);
		});

		it("for the image that runs already is SUCCEEDED without a download", async () => {
			const emulator = await lab.emulator();
			const image = makeImage({ version: "1.0.0", programBytes: 3_000 });
			const device = await lab.device(emulator, { program: () => agent, factoryImage: image });
			const { document } = publishImage(emulator, image, "1.0.0");
			emulator.service.createJob({ jobId: "update", targets: ["alpha"], document });
			device.powerOn();
			const execution = await ended(emulator, "update");
			assert.equal(execution.status, "SUCCEEDED");
			assert.equal(device.boots, 1);
		});

		it("survives the loss of its record between the reset and the self-test", async () => {
			const emulator = await lab.emulator();
			const device = await lab.device(emulator, { program: () => agent });
			const { document } = publishImage(emulator);
			emulator.service.createJob({ jobId: "update", targets: ["alpha"], document });
			device.on("boot", ({ version }) => {
				if (version === "2.0.0") device.flash.eraseKeys();
			});
			device.powerOn();
			const execution = await ended(emulator, "update");
			assert.equal(execution.status, "SUCCEEDED");
			assert.deepEqual(execution.statusDetails, { from: "1.0.0", to: "2.0.0" }, "the service kept the checkpoint");
			assert.equal(device.boots, 2);
		});
	});
