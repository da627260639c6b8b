import assert from "node:assert/strict";
import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { decode } from "cborg";
import fc from "fast-check";
import { makeImage } from "../../device/image.js";
import type { Cut, VirtualDeviceOptions } from "../../device/virtual-device.js";
import { engines, programFor } from "../kit/engines.js";
import {
	credentialsOf,
	ended,
	history,
	Lab,
	publishStream,
	type TestDevice,
	type TestEmulator,
	type TestImage,
} from "../kit/lab.js";
import { otaMain } from "../kit/ota-main.js";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const stranger = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const codeSigningKey = publicKey.export({ type: "spki", format: "der" });

const SOURCES = ["HTTPS", "stream"] as const;
const FORMS = ["ota", "afr_ota"] as const;
type Source = (typeof SOURCES)[number];
type Form = (typeof FORMS)[number];

interface Situation {
	readonly emulator: TestEmulator;
	readonly source: Source;
	readonly form: Form;
	/** What the service has: it may be changed before the job is created. */
	image: Buffer;
	/** What signs it. */
	key: KeyObject;
	/** Changes what was made of the image: our own form. */
	change: Record<string, unknown>;
	/** The same for AWS's form, the file in it. */
	changeFile: Record<string, unknown>;
	options: Partial<VirtualDeviceOptions>;
	/** Called with the device, before its power is on. */
	prepare: (device: TestDevice) => void;
	/** After the document was made of it, the service has this in the image's place. */
	serve: Buffer | undefined;
}

/** What is expected: the status, the reason and the version that runs; a fault of other sources or forms gives undefined. */
type Expected = readonly [status: string, reason: string | undefined, running: string] | undefined;

interface Row {
	readonly fault: string;
	set(situation: Situation): Expected;
}

const good: Expected = ["SUCCEEDED", undefined, "2.0.0"];
const failed = (reason: string): Expected => ["FAILED", reason, "1.0.0"];
const rejected = (reason: string): Expected => ["REJECTED", reason, "1.0.0"];
const flipped = (image: Buffer, at: number) => {
	const changed = Buffer.from(image);
	changed[at] = (changed[at] ?? 0) ^ 0xff;
	return changed;
};
const program = (options: Parameters<typeof otaMain>[0]) => ({ program: () => () => otaMain(options) });

/** The power goes in each boot of the new image, so many times. */
const powerLoss = (times: number) => (device: TestDevice) => {
	let left = times;
	device.on("boot", ({ version }) => {
		if (version === "1.0.0" || left === 0) return;
		left -= 1;
		setImmediate(() => device.reset());
	});
};

const ROWS: readonly Row[] = [
	{ fault: "none", set: () => good },
	{
		fault: "the connection is cut in the middle",
		set({ emulator, source }) {
			if (source === "HTTPS") emulator.images.faults = { cutAfter: [5_000] };
			else emulator.faults.add({ action: "cut", to: "device", topic: "*/data/cbor", skip: 3, times: 1 });
			return good;
		},
	},
	{
		fault: "the URL has expired",
		set({ emulator, source }) {
			emulator.images.faults = { statuses: [403] };
			return source === "HTTPS" ? good : undefined;
		},
	},
	{
		fault: "the server ignores Range",
		set({ emulator, source }) {
			emulator.images.faults = { cutAfter: [9_000, 5_000], ignoreRange: true };
			return source === "HTTPS" ? good : undefined;
		},
	},
	{
		fault: "the server sends HTTP chunks",
		set({ emulator, source }) {
			emulator.images.faults = { chunked: true };
			return source === "HTTPS" ? good : undefined;
		},
	},
	{
		fault: "the server redirects",
		set({ emulator, source }) {
			emulator.images.faults = { statuses: [302] };
			return source === "HTTPS" ? failed("downloadFailed") : undefined;
		},
	},
	{
		fault: "the file is cut off",
		set(situation) {
			situation.serve = situation.image.subarray(0, 9_000);
			return failed(situation.source === "HTTPS" ? "sizeMismatch" : "downloadFailed");
		},
	},
	{
		fault: "the file is longer than was said",
		set(situation) {
			situation.serve = Buffer.concat([situation.image, Buffer.alloc(5_000)]);
			return failed(situation.source === "HTTPS" ? "sizeMismatch" : "downloadFailed");
		},
	},
	{
		fault: "one byte is another",
		set(situation) {
			situation.serve = flipped(situation.image, 12_345);
			return failed(situation.form === "ota" ? "digestMismatch" : "signatureInvalid");
		},
	},
	{
		fault: "the digest is another",
		set(situation) {
			situation.change = { sha256: "00".repeat(32) };
			return situation.form === "ota" ? failed("digestMismatch") : undefined;
		},
	},
	{
		fault: "the signature is another key's",
		set(situation) {
			situation.key = stranger.privateKey;
			return failed("signatureInvalid");
		},
	},
	{
		fault: "no signature",
		set(situation) {
			situation.change = { signature: undefined };
			situation.changeFile = { "sig-sha256-ecdsa": undefined };
			return rejected(situation.form === "ota" ? "signatureMissing" : "invalidDocument");
		},
	},
	{
		fault: "another chip's image",
		set({ image }) {
			image.writeUInt16LE(9, 12);
			return failed("imageRejected");
		},
	},
	{
		fault: "no firmware at all",
		set(situation) {
			situation.image = Buffer.alloc(20_000, "<html>");
			return failed("imageRejected");
		},
	},
	{
		fault: "an image that does not boot",
		set(situation) {
			situation.image = flipped(situation.image, 12_345); // its own checksum is wrong; digest and signature are right
			return failed("imageRejected");
		},
	},
	{
		fault: "an older version",
		set(situation) {
			situation.image = makeImage({ version: "0.9.0", programBytes: 20_000 });
			situation.change = { version: "0.9.0" };
			return situation.form === "ota" ? rejected("downgrade") : failed("imageRejected");
		},
	},
	{
		fault: "an older version that is said to be new",
		set(situation) {
			situation.image = makeImage({ version: "0.9.0", programBytes: 20_000 });
			return failed("imageRejected");
		},
	},
	{
		fault: "an older version that is meant",
		set(situation) {
			situation.image = makeImage({ version: "0.9.0", programBytes: 20_000 });
			situation.change = { version: "0.9.0", allowDowngrade: true };
			return situation.form === "ota" ? ["SUCCEEDED", undefined, "0.9.0"] : undefined;
		},
	},
	{
		fault: "too large for the partition",
		set(situation) {
			situation.options = { slotBytes: 16_384 };
			return failed("imageRejected");
		},
	},
	{
		fault: "the self-test says no",
		set(situation) {
			situation.options = program({ selfTest: (done) => done("no display") });
			return failed("selfTestFailed");
		},
	},
	{
		fault: "the self-test hangs",
		set(situation) {
			situation.options = program({ selfTest: () => undefined });
			return failed("selfTestFailed");
		},
	},
	{
		fault: "the self-test throws",
		set(situation) {
			const broken = () => {
				throw new Error("no display");
			};
			situation.options = program({ selfTest: broken });
			return failed("selfTestFailed");
		},
	},
	{
		fault: "the new image cannot connect",
		set(situation) {
			situation.prepare = (device) =>
				device.on("boot", ({ version }) => device.setConfig(version === "1.0.0" ? {} : { port: 1 }));
			return failed("selfTestFailed");
		},
	},
	{
		fault: "the new image crashes",
		set(situation) {
			const crash = () => {
				throw new Error("the new firmware is broken");
			};
			situation.options = { program: ({ version }) => (version === "1.0.0" ? undefined : crash) };
			return failed("rolledBack");
		},
	},
	{
		fault: "power is lost in the self-test",
		set(situation) {
			situation.prepare = powerLoss(1);
			return good;
		},
	},
	{
		fault: "power is lost in every self-test",
		set(situation) {
			situation.prepare = powerLoss(10);
			return failed("rolledBack");
		},
	},
];

/** AWS's form of the document, as its OTA Update Manager writes it. */
function afrOta(document: Record<string, unknown>, source: Source, change: Record<string, unknown>): object {
	return {
		afr_ota: {
			protocols: [source === "HTTPS" ? "HTTP" : "MQTT"],
			...(source === "stream" && { streamname: document.streamId }),
			files: [
				{
					filepath: "/device/updates",
					filesize: document.size,
					fileid: 3,
					certfile: "/certificates/authcert.pem",
					fileType: 0,
					...(source === "HTTPS" && { update_data_url: document.url, auth_scheme: "aws.s3.presigned" }),
					"sig-sha256-ecdsa": document.signature,
					...change,
				},
			],
		},
	};
}

function documentOf({ source, form, change, changeFile }: Situation, published: TestImage, signature: string): object {
	const document: Record<string, unknown> = { ...published.document, signature, ...change };
	if (form === "afr_ota") return afrOta(document, source, changeFile);
	if (source === "HTTPS") delete document.streamId;
	else delete document.url;
	return document;
}

const sign = (image: Buffer, key: KeyObject) => createSign("sha256").update(image).sign(key).toString("base64");

/**
 * ESP-IDF's tests of its own updates name faults that have their counterparts here: an image that is cut off, in its header too, is
 * random bytes, is for another chip, is older (its anti-rollback), comes in HTTP's chunks, by a redirect, in ranges, is resumed after a
 * connection or a reset, from a server with and without ranges; an image that does not confirm, crashes, rolls itself back, loses power
 * on trial, or meets a boot loader without rollback. Flash encryption, the minimal chip revision and the SPI mode are the boot
 * loader's and esp_ota_end's to check; Bluetooth beside an update has no counterpart.
 */
describe("A firmware job, by source, form of the document and fault", () => {
	let bench: Lab;
	const cells = new Map<string, string>();
	beforeEach(() => {
		bench = new Lab();
	});
	afterEach(() => bench.clear());

	after(() => {
		const columns = SOURCES.flatMap((source) => FORMS.map((form) => `${source}, ${form}`));
		const wide = (text: string, width: number) => text.padEnd(width);
		const first = Math.max(...ROWS.map(({ fault }) => fault.length));
		const lines = [
			["fault", ...columns],
			...ROWS.map(({ fault }) => [fault, ...columns.map((c) => cells.get(fault + c) ?? "-")]),
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

	for (const row of ROWS) {
		it(`${row.fault}: the right end, the right image, and the reason in words`, async () => {
			for (const source of SOURCES) for (const form of FORMS) await runCell(row, source, form);
		});
	}

	async function runCell(row: Row, source: Source, form: Form): Promise<void> {
		const emulator = await bench.emulator();
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
		const document = documentOf(situation, published, sign(image, situation.key));
		if (situation.serve !== undefined) {
			writeFileSync(join(emulator.imageDirectory, basename(String(published.document.url))), situation.serve);
		}
		const credentials = { ...credentialsOf(emulator), codeSigningKey };
		const config = { requireSignature: true, selfTestMs: 60_000 };
		const device = await bench.device(emulator, { credentials, config, ...situation.options });
		situation.prepare(device);
		emulator.service.createJob({ jobId: "update", targets: ["alpha"], document: document as Record<string, unknown> });
		device.powerOn();
		const { status, statusDetails = {} } = await bench.passing(ended(emulator, "update"));
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

	for (const isWhole of [true, false]) {
		it(`a boot loader ${isWhole ? "with" : "without"} rollback: ${isWhole ? "two updates" : "the second update is REJECTED, with the line that is missing"}`, async () => {
			const emulator = await bench.emulator();
			const device = await bench.device(emulator, { rollback: isWhole ? "both" : "images" });
			const [first, second] = ["2.0.0", "3.0.0"].map((version) =>
				publishStream(emulator, makeImage({ version, programBytes: 20_000 }), version),
			);
			emulator.service.createJob({ jobId: "first", targets: ["alpha"], document: first?.document ?? {} });
			device.powerOn();
			const { status, statusDetails } = await ended(emulator, "first");
			const line = "CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y";
			assert.deepEqual([status, statusDetails?.warning], ["SUCCEEDED", isWhole ? undefined : line]);
			emulator.service.createJob({ jobId: "second", targets: ["alpha"], document: second?.document ?? {} });
			const { status: end, statusDetails: details } = await ended(emulator, "second");
			if (isWhole) return assert.equal(end, "SUCCEEDED");
			assert.deepEqual([end, details], ["REJECTED", { reason: "rollbackMissing", sdkconfig: line }]);
		});
	}

	for (const engine of engines) {
		for (const erasesBootData of [true, false]) {
			const end = erasesBootData ? "the old image stays" : "and where that cannot be taken back, it says so";
			it(`nothing built with rollback: even the first update does not boot, REJECTED with the line that is missing; ${end}; ${engine}`, async () => {
				const emulator = await bench.emulator();
				const agent = await programFor(engine);
				const device = await bench.device(emulator, { rollback: "nothing", erasesBootData, program: () => agent });
				const { document } = publishStream(emulator);
				emulator.service.createJob({ jobId: "first", targets: ["alpha"], document });
				device.powerOn();
				const { status, statusDetails } = await ended(emulator, "first");
				const sdkconfig = "CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y";
				const warning = erasesBootData ? {} : { warning: "the new image boots at the next reset" };
				assert.deepEqual([status, statusDetails], ["REJECTED", { reason: "rollbackMissing", sdkconfig, ...warning }]);
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

	it("nothing built with rollback, and the power cut before the update is taken back: it says so, and no other follows", async () => {
		const emulator = await bench.emulator();
		const device = await bench.device(emulator, { rollback: "nothing" });
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
		const line = "CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y";
		assert.deepEqual([status, statusDetails?.warning], ["SUCCEEDED", line]);
		assert.equal(device.running?.version, "2.0.0");
		const { document: another } = publishStream(
			emulator,
			makeImage({ version: "3.0.0", programBytes: 9_000 }),
			"3.0.0",
		);
		emulator.service.createJob({ jobId: "second", targets: ["alpha"], document: another });
		assert.equal((await ended(emulator, "second")).status, "REJECTED");
	});

	it("no image with a byte changed, cut off or unsigned ever becomes bootable", async function () {
		this.timeout(120_000);
		const emulator = await bench.emulator();
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
					const situation = { source, form, change: {}, changeFile: {} } as Situation;
					const document = documentOf(situation, published, sign(image, key));
					const credentials = { ...credentialsOf(emulator), codeSigningKey };
					const device = await bench.device(emulator, { credentials, config: { requireSignature: true } });
					const jobId = `bad-${n}`;
					emulator.service.createJob({ jobId, targets: ["alpha"], document: document as Record<string, unknown> });
					device.powerOn();
					const { status, statusDetails } = await bench.passing(ended(emulator, jobId));
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

for (const engine of engines)
	describe(`A download that a reset interrupts, the agent in ${engine},`, () => {
		let bench: Lab;
		let emulator: TestEmulator;
		let published: TestImage;
		let agent: Awaited<ReturnType<typeof programFor>>;
		const image = makeImage({ version: "2.0.0", programBytes: 100_000 });
		/** Ten checkpoints at most, in whole sectors, and none within the first four. */
		const interval = 16_384;
		const blocks = Math.ceil(image.byteLength / 2_048);
		beforeEach(async () => {
			bench = new Lab();
			emulator = await bench.emulator();
			published = publishStream(emulator, image);
			agent = await programFor(engine);
		});
		afterEach(() => bench.clear());

		/** @returns the device, and the bytes of the file that it has heard */
		async function run(source: Source, options: Partial<VirtualDeviceOptions>, cutAt: number, moment: Cut["moment"]) {
			const document: Record<string, unknown> = { ...published.document };
			delete document[source === "HTTPS" ? "streamId" : "url"];
			const device = await bench.device(emulator, { program: () => agent, ...options });
			let flashed = 0;
			device.on("operation", (kind, at) => {
				if (kind !== "flash") return;
				flashed += 1;
				if (flashed === cutAt) device.cut = { at, moment };
			});
			const asked: number[] = [];
			const listen = ({ topic, payload }: { topic: string; payload: Buffer }) => {
				if (topic.endsWith("/get/cbor")) asked.push(decode(payload).o);
			};
			emulator.broker.on("message", listen);
			device.once("off", () => setImmediate(() => device.powerOn()));
			const jobId = `cut-${cutAt}-${moment}-${source}-${Math.random().toString(36).slice(2)}`;
			emulator.service.createJob({ jobId, targets: ["alpha"], document });
			device.powerOn();
			const { status } = await ended(emulator, jobId);
			await device.said(/is over/);
			device.removeAllListeners("off");
			assert.equal(status, "SUCCEEDED", device.lines.join("\n"));
			assert.ok(device.flash.holds(device.running?.slot ?? 0, image));
			const goesOn = device.lines
				.map((line) => /goes on at (\d+) bytes/.exec(line)?.[1])
				.find((at) => at !== undefined);
			emulator.broker.off("message", listen);
			device.cutPower();
			return { device, asked, goesOn: goesOn === undefined ? 0 : Number(goesOn) };
		}

		for (const source of SOURCES)
			it(`by ${source}, goes on at its last checkpoint, wherever the power was cut`, async function () {
				this.timeout(120_000);
				// At each block; the moments in turn, so that each meets each part of the interval.
				for (let at = 1; at <= blocks; at += engine === "xs" ? 7 : 1) await cutAt(source, at);
			});

		/** Fetched again is what came since the checkpoint, less than an interval. */
		async function cutAt(source: Source, at: number): Promise<void> {
			const moments = ["before", "torn", "after"] as const;
			const { goesOn, asked } = await run(source, {}, at, moments[at % 3] ?? "before");
			const inFlash = (at - 1) * 2_048;
			const expected = Math.floor(inFlash / interval) * interval;
			assert.equal(goesOn, expected, `cut at block ${at}`);
			if (source === "HTTPS") {
				assert.equal(emulator.images.ranges.at(-1), expected === 0 ? undefined : `bytes=${expected}-`);
			} else if (expected > 0) {
				const again = asked.indexOf(expected / 2_048);
				assert.ok(again > 0 && asked.slice(again).every((first) => first * 2_048 >= expected), asked.join());
			}
		}

		const cuts = Array.from({ length: 10 }, (_, i) => i + 1).filter((n) => engine === "node" || n % 3 === 1);
		for (const source of SOURCES)
			it(`by ${source}, goes on after the connection was cut at each block's boundary, and within each`, async function () {
				this.timeout(120_000);
				const small = publishStream(emulator, makeImage({ version: "2.0.0", programBytes: 20_000 }));
				const document: Record<string, unknown> = { ...small.document };
				delete document[source === "HTTPS" ? "streamId" : "url"];
				const within = source === "HTTPS" ? [0, 777] : [0]; // a block of a stream is one message
				for (const bytes of cuts.flatMap((n) => within.map((more) => n * 2_048 + more))) {
					await cutConnection(source, bytes, document, small.image);
				}
			});

		async function cutConnection(source: Source, bytes: number, document: Record<string, unknown>, expected: Buffer) {
			const skip = bytes / 2_048 - 1;
			if (source === "HTTPS") emulator.images.faults = { cutAfter: [bytes] };
			else emulator.faults.add({ action: "cut", to: "device", topic: "*/data/cbor", skip, times: 1 });
			const device = await bench.device(emulator, { program: () => agent });
			const jobId = `line-${source}-${bytes}`;
			emulator.service.createJob({ jobId, targets: ["alpha"], document });
			device.powerOn();
			const { status } = await bench.passing(ended(emulator, jobId));
			assert.equal(status, "SUCCEEDED", device.lines.join("\n"));
			assert.ok(device.flash.holds(device.running?.slot ?? 0, expected));
			device.cutPower();
		}

		it("begins anew where the platform has erased what was there, and ends well all the same", async () => {
			const { goesOn, device } = await run("HTTPS", { erasesOnOpen: true }, 30, "before");
			assert.equal(goesOn, 0);
			assert.ok(device.lines.some((line) => line.includes("what was fetched before the reset is not there any more")));
		});

		it("begins anew where the server has another file by now", async () => {
			emulator.images.faults = { changing: true };
			const { device } = await run("HTTPS", {}, 30, "before");
			assert.ok(device.lines.some((line) => line.includes("the server sends the whole file")));
		});

		it("writes at most ten checkpoints, and at most eight records beside them", async () => {
			const device = await bench.device(emulator, { program: () => agent });
			emulator.service.createJob({ jobId: "update", targets: ["alpha"], document: published.document });
			device.powerOn();
			await ended(emulator, "update");
			await device.said(/is over/);
			const checkpoints = Math.floor((image.byteLength - 1) / interval);
			process.stdout.write(`      ${checkpoints} checkpoints, ${device.storageWrites} storage writes\n`);
			assert.ok(checkpoints <= 10 && device.storageWrites - 2 * checkpoints <= 8, `${device.storageWrites}`);
		});
	});
