import assert from "node:assert/strict";
import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { makeImage } from "../../device/image.js";
import type { Execution } from "../../emulator/jobs/execution.js";
import { engines, programFor } from "../kit/engines.js";
import { ended } from "../kit/executions.js";
import { publishImage, type TestImage } from "../kit/images.js";
import { credentialsOf, Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";

for (const engine of engines)
	describe(`The image of a firmware job, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		let device: TestDevice;
		let published: TestImage;
		beforeEach(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
			const agent = await programFor(engine);
			device = await lab.device(emulator, { program: () => agent });
			published = publishImage(emulator);
		});
		afterEach(() => lab.clear());

		async function run(document: Record<string, unknown>): Promise<Execution> {
			emulator.service.createJob({ jobId: "update", targets: ["alpha"], document });
			device.powerOn();
			return await lab.passing(ended(emulator, "update"));
		}

		function assertNewImageRuns(): void {
			assert.equal(device.running?.version, "2.0.0");
			assert.ok(device.flash.holds(device.running?.slot ?? 0, published.image), "the image is whole");
			assert.equal(device.aborts, 0);
		}

		for (const [what, change, said] of [
			["that is no firmware", (image: Buffer) => image.fill("<html>", 0, 30), "not a firmware image"],
			["for another chip", (image: Buffer) => image.writeUInt16LE(9, 12), "an image for chip 9; this is chip 0"],
		] as const) {
			it(`${what} is refused by its first bytes`, async () => {
				const image = makeImage({ version: "2.0.0", programBytes: 200_000 });
				change(image);
				const { document } = publishImage(emulator, image);
				let written = 0;
				device.on("flash", (bytes) => {
					written = bytes;
				});
				const { status, statusDetails } = await run(document);
				assert.deepEqual([status, statusDetails?.reason, statusDetails?.error], ["FAILED", "imageRejected", said]);
				assert.equal(written, 0);
			});
		}

		it("of a lower version is REJECTED, unless the document allows it", async () => {
			const image = makeImage({ version: "0.9.0", programBytes: 3_000 });
			const { document } = publishImage(emulator, image, "0.9.0");
			const { status, statusDetails } = await run(document);
			assert.deepEqual([status, statusDetails], ["REJECTED", { reason: "downgrade", running: "1.0.0" }]);
			assert.equal(emulator.images.ranges.length, 0);
			emulator.service.createJob({
				jobId: "meant",
				targets: ["alpha"],
				document: { ...document, allowDowngrade: true },
			});
			assert.equal((await ended(emulator, "meant")).status, "SUCCEEDED");
			assert.equal(device.running?.version, "0.9.0");
		});

		describe("whose signature is demanded", () => {
			const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
			const other = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
			const codeSigningKey = publicKey.export({ type: "spki", format: "der" });
			const sign = (key: KeyObject, image: Buffer) => createSign("sha256").update(image).sign(key).toString("base64");
			beforeEach(async () => {
				const agent = await programFor(engine);
				const credentials = { ...credentialsOf(emulator), codeSigningKey };
				device = await lab.device(emulator, {
					program: () => agent,
					credentials,
					config: { requireSignature: true },
				});
			});

			it("with a signature is installed", async () => {
				const signature = sign(privateKey, published.image);
				assert.equal((await run({ ...published.document, signature })).status, "SUCCEEDED");
				assertNewImageRuns();
			});

			for (const [what, change, status, reason] of [
				["no signature", () => ({}), "REJECTED", "signatureMissing"],
				["bytes that are no signature", () => ({ signature: "!" }), "REJECTED", "invalidDocument"],
				[
					"the signature of another key",
					(i: Buffer) => ({ signature: sign(other.privateKey, i) }),
					"FAILED",
					"signatureInvalid",
				],
				[
					"the signature of another image",
					() => ({ signature: sign(privateKey, Buffer.from("x")) }),
					"FAILED",
					"signatureInvalid",
				],
			] as const) {
				it(`with ${what}: ${reason}, and the old image stays`, async () => {
					const execution = await run({ ...published.document, ...change(published.image) });
					assert.deepEqual([execution.status, execution.statusDetails?.reason], [status, reason]);
					device.reset();
					assert.equal(device.running?.version, "1.0.0");
				});
			}
		});
	});
