import assert from "node:assert/strict";
import { once } from "node:events";
import { rotateDocument } from "../../cli/rotate.js";
import { makeImage } from "../../device/image.js";
import { engines, programFor } from "../kit/engines.js";
import { ended } from "../kit/executions.js";
import { publishImage } from "../kit/images.js";
import { Lab, type TestDevice, type TestEmulator, turns } from "../kit/lab.js";
import { mainWith } from "../kit/main-with.js";
import { Operator } from "../kit/operator.js";

/** What a job has changed is put back, whenever the job is taken away: the device is left as reachable as it was. */
for (const engine of engines)
	describe(`What a cancelled job has changed is put back, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		let device: TestDevice;
		beforeEach(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
			const agent = await programFor(engine);
			device = await lab.device(emulator, { program: () => agent });
		});
		afterEach(() => lab.clear());

		const create = (document: Record<string, unknown>) =>
			emulator.service.createJob({ jobId: "job", targets: ["alpha"], document });
		const cancel = () => emulator.service.execute("alpha", { type: "cancel", jobId: "job", force: true });

		/** Something is done once, as the n-th operation of a kind begins. */
		function at(kind: string, n: number, act: () => void): void {
			let seen = 0;
			device.on("operation", (name) => {
				if (name === kind) seen += 1;
				if (name === kind && seen === n) act();
			});
		}

		async function booted(times: number): Promise<void> {
			while (device.boots < times) await once(device, "boot");
		}

		/** The device does the next job with what it had before, and works with that from then on. */
		async function assertAsBefore(boots: number): Promise<void> {
			emulator.service.createJob({ jobId: "next", targets: ["alpha"], document: { operation: "diagnostics" } });
			const { status, statusDetails } = await lab.passing(ended(emulator, "next"));
			assert.deepEqual([status, statusDetails?.version], ["SUCCEEDED", "1.0.0"], device.lines.join("\n"));
			assert.equal(device.boots, boots, device.lines.join("\n"));
			assert.equal(emulator.service.execution("alpha", "job")?.status, "CANCELED");
			const from = device.lines.length;
			device.reset();
			await lab.passing(device.said(/^connected/, from));
			assert.equal(device.running?.version, "1.0.0");
			assert.equal(device.aborts, 0);
		}

		it("cancelled as its image is made bootable: the old image boots", async () => {
			create(publishImage(emulator).document);
			at("boot", 2, cancel); // the first erased the boot loader's entry for the slot
			device.powerOn();
			await device.said(/job is let go/);
			await assertAsBefore(1);
		});

		it("cancelled as its image boots: the old image comes back", async () => {
			create(publishImage(emulator, makeImage({ version: "2.0.0", programBytes: 1_000_000 })).document);
			device.on("boot", ({ version }) => {
				if (version === "2.0.0") cancel();
			});
			device.powerOn();
			await lab.passing(booted(3));
			await assertAsBefore(3);
		});

		for (const [record, lose] of [
			["its record there", () => undefined],
			["its record lost", loseRecord],
		] as const) {
			it(`cancelled as its image boots, ${record}: the next image is installed`, async () => {
				create(publishImage(emulator, makeImage({ version: "2.0.0", programBytes: 1_000_000 })).document);
				device.on("boot", ({ version }) => {
					if (version !== "2.0.0") return;
					lose();
					cancel();
				});
				device.powerOn();
				await booted(2);
				const { document } = publishImage(emulator, makeImage({ version: "3.0.0", programBytes: 20_000 }), "3.0.0");
				emulator.service.createJob({ jobId: "next", targets: ["alpha"], document });
				const { status } = await lab.passing(ended(emulator, "next"));
				assert.deepEqual([status, device.running?.version], ["SUCCEEDED", "3.0.0"], device.lines.join("\n"));
				assert.deepEqual([device.boots, device.aborts], [4, 0]);
			});
		}

		const changes: [string, () => Promise<Record<string, unknown>>][] = [
			[
				"settings",
				async () => ({ operation: "config", settings: { port: emulator.addresses.mqtt.port, startJitterMs: 1 } }),
			],
			["certificate", newCertificate],
		];

		async function newCertificate(): Promise<Record<string, unknown>> {
			const { certificatePem, privateKey } = await new Operator(emulator).newCertificate("alpha");
			return rotateDocument(certificatePem, privateKey);
		}

		for (const [what, make] of changes) {
			it(`cancelled as the device boots with its ${what}: the old comes back`, async () => {
				create(await make());
				device.on("boot", () => {
					if (device.boots === 2) cancel();
				});
				device.powerOn();
				await lab.passing(booted(3));
				await assertAsBefore(3);
				assert.deepEqual(onTrial(), []);
			});

			it(`cancelled before the reset for its ${what}: nothing has changed`, async () => {
				create(await make());
				// Written are the record, the values, the record with the checkpoint, and which values count.
				at("storage", what === "settings" ? 4 : 5, cancel);
				device.powerOn();
				await device.said(/job is let go/);
				await assertAsBefore(1);
				assert.deepEqual(onTrial(), []);
			});
		}

		function loseRecord(): void {
			for (const key of ["a", "b"]) device.flash.writeKey("iot-jobs", key, Buffer.alloc(512));
		}

		/** The storage's domains with values on trial. */
		function onTrial(): string[] {
			return ["iot-settings", "iot-credentials"].filter((domain) => {
				const state = device.flash.readKey(domain, "state");
				return state !== undefined && (state[0] as number) >> 4 !== 0;
			});
		}

		it("record lost while its image is on trial: the old image comes back", async () => {
			create(publishImage(emulator).document);
			device.on("boot", ({ version }) => {
				const isNew = version === "2.0.0";
				if (isNew) loseRecord();
				device.setConfig(isNew ? { port: 1 } : {});
			});
			device.powerOn();
			await booted(2);
			const { status, statusDetails } = await lab.passing(ended(emulator, "job"), 10_000);
			assert.deepEqual([status, statusDetails?.reason], ["FAILED", "rolledBack"], device.lines.join("\n"));
			assert.deepEqual([device.running?.version, device.boots], ["1.0.0", 3], device.lines.join("\n"));
		});

		it("record lost while its settings are on trial: the old ones come back", async () => {
			create({ operation: "config", settings: { port: 1 } });
			device.on("boot", () => {
				if (device.boots === 2) loseRecord();
			});
			device.powerOn();
			await booted(2);
			const { status, statusDetails } = await lab.passing(ended(emulator, "job"), 10_000);
			assert.deepEqual([status, statusDetails?.reason], ["FAILED", "trialFailed"], device.lines.join("\n"));
			assert.equal(device.boots, 3);
		});
	});

describe("A job that is cancelled while the application holds the reset", () => {
	const lab = new Lab();
	after(() => lab.clear());

	it("leaves the old image to boot, however much later", async () => {
		const emulator = await lab.emulator();
		let proceed: (() => void) | undefined;
		const gate = (step: string, go: () => void) => {
			if (step === "download") go();
			else proceed = go;
		};
		const device = await lab.device(emulator, { program: () => () => mainWith([], { gate }) });
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: publishImage(emulator).document });
		device.powerOn();
		while (proceed === undefined) await turns(1);
		assert.equal(device.flash.bootData.boot, 1);
		emulator.service.execute("alpha", { type: "cancel", jobId: "job", force: true });
		await device.said(/job is let go/);
		device.enter(() => proceed?.());
		await turns();
		assert.equal(device.boots, 1);
		device.reset();
		assert.equal(device.running?.version, "1.0.0");
	});
});
