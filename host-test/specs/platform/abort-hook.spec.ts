import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { xsProgram } from "../../xs/xs-app.js";
import { engines, programFor, xsApp } from "../kit/engines.js";
import { ended } from "../kit/executions.js";
import { Lab, type TestDevice } from "../kit/lab.js";
import throwing from "../kit/xs-main-throw.js";

const THROWING = fileURLToPath(new URL("../kit/xs-main-throw.ts", import.meta.url));
const REASON = "Error: out of everything";

for (const engine of engines)
	describe(`The abort hook, the agent in ${engine}`, () => {
		let lab: Lab;
		beforeEach(() => {
			lab = new Lab();
		});
		afterEach(() => lab.clear());

		it("what nobody caught is the reason of the reset; of that one alone", async () => {
			const emulator = await lab.emulator();
			const thrower = engine === "node" ? throwing : xsProgram(await xsApp(THROWING));
			const agent = await programFor(engine);
			let program: typeof agent = thrower;
			const device: TestDevice = await lab.device(emulator, { program: () => program });
			emulator.service.createJob({ jobId: "throw", targets: ["alpha"], document: { operation: "throw" } });
			device.powerOn();
			const { status, statusDetails } = await ended(emulator, "throw");
			assert.equal(status, "FAILED");
			assert.equal(statusDetails?.reason, "tooManyResets");
			assert.equal(statusDetails?.resetReason, REASON, device.lines.join("\n"));
			program = agent;
			device.reset();
			emulator.service.createJob({ jobId: "reboot", targets: ["alpha"], document: { operation: "reboot" } });
			assert.deepEqual((await ended(emulator, "reboot")).statusDetails, { resetReason: "software" });
		});
	});
