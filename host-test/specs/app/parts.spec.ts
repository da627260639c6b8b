import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { makeImage } from "../../device/image.js";
import { xsProgram } from "../../xs/xs-app.js";
import { engines, xsApp } from "../kit/engines.js";
import { publishImage, publishStream } from "../kit/images.js";
import { Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";
import partsMain from "../kit/main-parts.js";
import { runJob } from "../kit/run-job.js";

const file = fileURLToPath(new URL("../kit/main-parts.ts", import.meta.url));

for (const engine of engines)
	describe(`An app of some parts, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		let device: TestDevice;
		beforeEach(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
			const program = engine === "node" ? partsMain : xsProgram(await xsApp(file));
			device = await lab.device(emulator, { program: () => program });
		});
		afterEach(() => lab.clear());

		const image = makeImage({ version: "2.0.0", programBytes: 20_000 });
		const run = (document: object) => lab.passing(runJob(emulator, device, document));

		it("the application's self-test and gate are asked", async () => {
			const { status, statusDetails } = await run(publishImage(emulator, image).document);
			assert.deepEqual([status, statusDetails?.reason], ["FAILED", "selfTestFailed"]);
			assert.equal(statusDetails?.error, "the pump does not answer");
			for (const step of ["download", "reboot"]) assert.ok(device.lines.some((line) => line.includes(`may ${step}`)));
		});

		it("a file is not fetched by a way that is not included, and the job says so", async () => {
			const { status, statusDetails } = await run({ ...publishStream(emulator, image).document, url: undefined });
			assert.deepEqual([status, statusDetails?.reason], ["FAILED", "downloadFailed"]);
			assert.match(statusDetails?.error ?? "", /built without file streams/);
		});

		it("where the stream is not included, the URL is taken", async () => {
			const document = { ...publishStream(emulator, image).document, ...publishImage(emulator, image).document };
			await run(document);
			assert.ok(device.lines.some((line) => line.includes("goes on by the URL")));
		});
	});
