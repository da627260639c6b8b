import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import fc from "fast-check";
import { makeImage } from "../../device/image.js";
import { ended } from "../kit/executions.js";
import { publishStream } from "../kit/images.js";
import { credentialsOf, Lab } from "../kit/lab.js";
import {
	codeSigningKey,
	FORMS,
	type Form,
	otaDocument,
	privateKey,
	SOURCES,
	type Source,
	sign,
	stranger,
} from "../kit/ota-documents.js";
import { FAULTS, type FaultRow, type Situation } from "../kit/ota-faults.js";

/**
 * ESP-IDF's tests of its own updates name faults that have their counterparts here: an image that is cut off, in its header too, is
 * random bytes, is for another chip, is older (its anti-rollback), comes in HTTP's chunks, by a redirect, in ranges, is resumed after a
 * connection or a reset, from a server with and without ranges; an image that does not confirm, crashes, rolls itself back, loses power
 * on trial, or meets a boot loader without rollback. Flash encryption, the minimal chip revision and the SPI mode are the boot
 * loader's and esp_ota_end's to check; Bluetooth beside an update has no counterpart.
 */
describe("A firmware job under a fault, by source and form of the document", () => {
	let lab: Lab;
	const cells = new Map<string, string>();
	beforeEach(() => {
		lab = new Lab();
	});
	afterEach(() => lab.clear());

	after(() => {
		const columns = SOURCES.flatMap((source) => FORMS.map((form) => `${source}, ${form}`));
		const wide = (text: string, width: number) => text.padEnd(width);
		const first = Math.max(...FAULTS.map(({ fault }) => fault.length));
		const lines = [
			["fault", ...columns],
			...FAULTS.map(({ fault }) => [fault, ...columns.map((c) => cells.get(fault + c) ?? "-")]),
		];
		for (const [head = "", ...rest] of lines) {
			process.stdout.write(
				`      ${wide(head, first)}  ${rest
					.map((cell) => wide(cell, 30))
					.join("")
					.trimEnd()}\n`,
			);
		}
	});

	for (const row of FAULTS) {
		it(`${row.fault}: the right end, image and reason`, async () => {
			for (const source of SOURCES) for (const form of FORMS) await runCell(row, source, form);
		});
	}

	async function runCell(row: FaultRow, source: Source, form: Form): Promise<void> {
		const emulator = await lab.emulator();
		const situation: Situation = {
			emulator,
			source,
			form,
			image: makeImage({ version: "2.0.0", programBytes: 20_000 }),
			key: privateKey,
			change: {},
			changeFile: {},
			options: {},
			prepare: () => undefined,
			serve: undefined,
		};
		const expected = row.set(situation);
		if (expected === undefined) return;
		const { image } = situation;
		const published = publishStream(emulator, image);
		const document = otaDocument(situation, published, sign(image, situation.key));
		if (situation.serve !== undefined) {
			writeFileSync(join(emulator.imageDirectory, basename(String(published.document.url))), situation.serve);
		}
		const credentials = { ...credentialsOf(emulator), codeSigningKey };
		const config = { requireSignature: true, selfTestMs: 60_000 };
		const device = await lab.device(emulator, { credentials, config, ...situation.options });
		situation.prepare(device);
		emulator.service.createJob({ jobId: "update", targets: ["alpha"], document });
		device.powerOn();
		const { status, statusDetails = {} } = await lab.passing(ended(emulator, "update"));
		const { reason } = statusDetails;
		const found = [status, reason, device.running?.version];
		cells.set(`${row.fault}${source}, ${form}`, `${reason ?? status}, ${device.running?.version} runs`);
		assert.deepEqual(
			found,
			expected,
			`${source}, ${form}: ${JSON.stringify(statusDetails)}\n${device.lines.join("\n")}`,
		);
		if (status === "SUCCEEDED") assert.ok(device.flash.holds(device.running?.slot ?? 0, image));
		// What was refused never boots, and what was confirmed stays.
		device.removeAllListeners("boot");
		device.reset();
		assert.equal(device.running?.version, expected[2]);
		assert.equal(device.flash.bootData.states[device.running?.slot ?? 0], "VALID");
	}

	it("no image that is changed, cut off or unsigned ever becomes bootable", async function () {
		this.timeout(120_000);
		const emulator = await lab.emulator();
		const image = makeImage({ version: "2.0.0", programBytes: 6_000 });
		let n = 0;
		await fc.assert(
			fc.asyncProperty(
				fc.constantFrom(...SOURCES),
				fc.constantFrom(...FORMS),
				fc.nat(image.byteLength - 1),
				fc.oneof(
					fc.constantFrom("cut off", "unsigned").map((kind) => ({ kind, bit: 0 })),
					fc.nat(7).map((bit) => ({ kind: "changed", bit })),
				),
				async (source, form, at, { kind, bit }) => {
					n += 1;
					const bad = Buffer.from(kind === "cut off" ? image.subarray(0, at) : image);
					if (kind === "changed") bad[at] = (bad[at] ?? 0) ^ (1 << bit);
					const published = publishStream(emulator, image);
					writeFileSync(join(emulator.imageDirectory, basename(String(published.document.url))), bad);
					const key = kind === "unsigned" ? stranger.privateKey : privateKey;
					const variant = { source, form, change: {}, changeFile: {} };
					const document = otaDocument(variant, published, sign(image, key));
					const credentials = { ...credentialsOf(emulator), codeSigningKey };
					const device = await lab.device(emulator, { credentials, config: { requireSignature: true } });
					const jobId = `bad-${n}`;
					emulator.service.createJob({ jobId, targets: ["alpha"], document });
					device.powerOn();
					const { status, statusDetails } = await lab.passing(ended(emulator, jobId));
					device.reset();
					const { running } = device;
					device.cutPower();
					assert.equal(status, "FAILED", JSON.stringify(statusDetails));
					assert.equal(running?.version, "1.0.0");
					assert.notEqual(device.flash.bootData.boot, 1);
				},
			),
			{ numRuns: 60 },
		);
	});
});
