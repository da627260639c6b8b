import assert from "node:assert/strict";
import { makeImage } from "../../device/image.js";
import { engines, programFor } from "../kit/engines.js";
import { ended, history } from "../kit/executions.js";
import { publishStream } from "../kit/images.js";
import { Lab } from "../kit/lab.js";

/** What ESP-IDF's boot loader has to be built with. */
const ROLLBACK = "CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y";

describe("A boot loader's rollback", () => {
	let lab: Lab;
	beforeEach(() => {
		lab = new Lab();
	});
	afterEach(() => lab.clear());

	for (const isWhole of [true, false]) {
		it(`${isWhole ? "there: two updates" : "missing: the second update is REJECTED with the line for sdkconfig"}`, async () => {
			const emulator = await lab.emulator();
			const device = await lab.device(emulator, { rollback: isWhole ? "both" : "images" });
			const [first, second] = ["2.0.0", "3.0.0"].map((version) =>
				publishStream(emulator, makeImage({ version, programBytes: 20_000 }), version),
			);
			emulator.service.createJob({ jobId: "first", targets: ["alpha"], document: first?.document ?? {} });
			device.powerOn();
			const { status, statusDetails } = await ended(emulator, "first");
			assert.deepEqual([status, statusDetails?.warning], ["SUCCEEDED", isWhole ? undefined : ROLLBACK]);
			emulator.service.createJob({ jobId: "second", targets: ["alpha"], document: second?.document ?? {} });
			const { status: end, statusDetails: details } = await ended(emulator, "second");
			if (isWhole) return assert.equal(end, "SUCCEEDED");
			assert.deepEqual([end, details], ["REJECTED", { reason: "rollbackMissing", sdkconfig: ROLLBACK }]);
		});
	}

	for (const engine of engines) {
		for (const erasesBootData of [true, false]) {
			const end = erasesBootData ? "the old image stays" : "it says that the new image boots";
			it(`missing everywhere: REJECTED; ${end}; in ${engine}`, async () => {
				const emulator = await lab.emulator();
				const agent = await programFor(engine);
				const device = await lab.device(emulator, { rollback: "nothing", erasesBootData, program: () => agent });
				const { document } = publishStream(emulator);
				emulator.service.createJob({ jobId: "first", targets: ["alpha"], document });
				device.powerOn();
				const { status, statusDetails } = await ended(emulator, "first");
				const warning = erasesBootData ? {} : { warning: "the new image boots at the next reset" };
				assert.deepEqual(
					[status, statusDetails],
					["REJECTED", { reason: "rollbackMissing", sdkconfig: ROLLBACK, ...warning }],
				);
				emulator.service.createJob({ jobId: "second", targets: ["alpha"], document });
				const states = history(emulator, "second");
				assert.equal((await ended(emulator, "second")).status, "REJECTED");
				assert.ok(
					!states.some(({ statusDetails: details }) => details?.step === "download"),
					"it is not fetched again",
				);
				device.reset();
				assert.equal(device.running?.version, erasesBootData ? "1.0.0" : "2.0.0");
				assert.equal(device.aborts, 0);
			});
		}
	}

	it("missing everywhere, and a power cut: the new image stays, with a warning", async () => {
		const emulator = await lab.emulator();
		const device = await lab.device(emulator, { rollback: "nothing" });
		const { document } = publishStream(emulator);
		emulator.service.createJob({ jobId: "first", targets: ["alpha"], document });
		// The second operation of this kind takes back what the first has made complete.
		let boots = 0;
		device.on("operation", (kind, at) => {
			if (kind === "boot") boots += 1;
			if (boots === 1) device.cut = { at: at + 1, moment: "before" };
		});
		device.once("off", () => setImmediate(() => device.powerOn()));
		device.powerOn();
		const { status, statusDetails } = await ended(emulator, "first");
		assert.deepEqual([status, statusDetails?.warning], ["SUCCEEDED", ROLLBACK]);
		assert.equal(device.running?.version, "2.0.0");
		const { document: another } = publishStream(
			emulator,
			makeImage({ version: "3.0.0", programBytes: 9_000 }),
			"3.0.0",
		);
		emulator.service.createJob({ jobId: "second", targets: ["alpha"], document: another });
		assert.equal((await ended(emulator, "second")).status, "REJECTED");
	});
});

for (const engine of engines)
	describe(`An image on trial, the agent in ${engine}`, () => {
		let lab: Lab;
		beforeEach(() => {
			lab = new Lab();
		});
		afterEach(() => lab.clear());

		it("that cannot be confirmed: selfTestFailed, and the old one runs again", async () => {
			const emulator = await lab.emulator();
			const agent = await programFor(engine);
			const device = await lab.device(emulator, { confirms: false, program: () => agent });
			const { document } = publishStream(emulator);
			emulator.service.createJob({ jobId: "update", targets: ["alpha"], document });
			device.powerOn();
			const { status, statusDetails } = await ended(emulator, "update");
			const { reason, error } = statusDetails ?? {};
			assert.deepEqual(
				[status, reason, error],
				["FAILED", "selfTestFailed", "the boot loader could not be told that the image is good"],
			);
			assert.equal(device.running?.version, "1.0.0");
		});

		for (const hangs of [true, false]) {
			const why = hangs ? "taskWatchdog" : "Error: the new firmware is broken";
			it(`that ended by ${hangs ? why : "an exception"}, then a power cut: rolledBack, fetched once`, async () => {
				const emulator = await lab.emulator();
				const agent = await programFor(engine);
				const crash = () => {
					if (hangs) setImmediate(() => device.hang());
					else throw new Error("the new firmware is broken");
				};
				const device = await lab.device(emulator, { program: ({ version }) => (version === "2.0.0" ? crash : agent) });
				const { document } = publishStream(emulator);
				emulator.service.createJob({ jobId: "update", targets: ["alpha"], document });
				const states = history(emulator, "update");
				// The old image is back: the power fails before it can say so, three times.
				device.on("trace", (line) => {
					if (/connecting/.test(line) && device.boots > 2 && device.boots < 6) setImmediate(() => device.reset());
				});
				device.powerOn();
				const { status, statusDetails } = await ended(emulator, "update");
				const { reason, resetReason, trials } = statusDetails ?? {};
				assert.deepEqual([status, reason, resetReason, trials], ["FAILED", "rolledBack", why, "1"]);
				assert.equal(states.filter(({ statusDetails: details }) => details?.step === "restart").length, 1);
			});
		}
	});
