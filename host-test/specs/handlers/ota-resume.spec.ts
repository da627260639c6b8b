import assert from "node:assert/strict";
import { decode } from "cborg";
import type { FlashFiles } from "../../device/flash-files.js";
import { makeImage } from "../../device/image.js";
import type { Cut, VirtualDeviceOptions } from "../../device/virtual-device.js";
import { engines, programFor } from "../kit/engines.js";
import { ended } from "../kit/executions.js";
import { publishStream, type TestImage } from "../kit/images.js";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { SOURCES, type Source } from "../kit/ota-documents.js";

for (const engine of engines)
	describe(`A download that is interrupted, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		let published: TestImage;
		let agent: Awaited<ReturnType<typeof programFor>>;
		const image = makeImage({ version: "2.0.0", programBytes: 100_000 });
		/** Ten checkpoints at most, in whole sectors, and none within the first four. */
		const interval = 16_384;
		const blocks = Math.ceil(image.byteLength / 2_048);
		beforeEach(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
			published = publishStream(emulator, image);
			agent = await programFor(engine);
		});
		afterEach(() => lab.clear());

		/** @param cut at the how manieth write to the flash, from 1. @returns the device, and the bytes of the file that it has heard */
		async function run(
			source: Source,
			options: Partial<VirtualDeviceOptions>,
			{ at: cutAt, moment }: Cut,
			meanwhile?: (flash: FlashFiles) => void,
		) {
			const document: Record<string, unknown> = { ...published.document };
			delete document[source === "HTTPS" ? "streamId" : "url"];
			const device = await lab.device(emulator, { program: () => agent, ...options });
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
			device.once("off", () => meanwhile?.(device.flash));
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
			it(`by ${source} goes on at its last checkpoint, wherever the power was cut`, async function () {
				this.timeout(120_000);
				// At each block; the moments in turn, so that each meets each part of the interval.
				for (let at = 1; at <= blocks; at += engine === "xs" ? 7 : 1) await cutAt(source, at);
			});

		/** Fetched again is what came since the checkpoint, less than an interval. */
		async function cutAt(source: Source, at: number): Promise<void> {
			const moments = ["before", "torn", "after"] as const;
			const { goesOn, asked } = await run(source, {}, { at, moment: moments[at % 3] ?? "before" });
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
			it(`by ${source} goes on, wherever its connection was cut`, async function () {
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
			const device = await lab.device(emulator, { program: () => agent });
			const jobId = `line-${source}-${bytes}`;
			emulator.service.createJob({ jobId, targets: ["alpha"], document });
			device.powerOn();
			const { status } = await lab.passing(ended(emulator, jobId));
			assert.equal(status, "SUCCEEDED", device.lines.join("\n"));
			assert.ok(device.flash.holds(device.running?.slot ?? 0, expected));
			device.cutPower();
		}

		/** What the flash may hold when the power comes back, though there is a checkpoint. */
		const FLASHES: Record<string, (flash: FlashFiles) => void> = {
			"is empty": (flash) => flash.eraseSlot(1),
			"was cut between erase and write of its first sector": (flash) => flash.eraseSlot(1, 4_096),
			"holds something else": (flash) => flash.writeSlot(1, Buffer.alloc(100_000, "foreign")),
			"holds another image": (flash) => flash.writeSlot(1, makeImage({ version: "3.0.0", programBytes: 50_000 })),
		};
		for (const [what, meanwhile] of Object.entries(FLASHES))
			it(`begins anew on a flash that ${what}`, async () => {
				for (const source of SOURCES) {
					const { goesOn, device } = await run(source, {}, { at: 30, moment: "before" }, meanwhile);
					assert.equal(goesOn, 0);
					assert.ok(
						device.lines.some((line) => line.includes("what was fetched before the reset is not there")),
						device.lines.join("\n"),
					);
				}
			});

		it("begins anew on a board that took another's place", async () => {
			emulator.images.faults = { cutAfter: [40_000] };
			const { streamId: _, ...document } = published.document;
			const first = await lab.device(emulator, { program: () => agent });
			const told = new Promise<void>((resolve) => {
				emulator.service.on("execution", (_thing, { statusDetails }) => {
					if (statusDetails?.checkpoint !== undefined) resolve();
				});
			});
			emulator.service.createJob({ jobId: "replaced", targets: ["alpha"], document });
			first.powerOn();
			await told;
			first.cutPower();
			const second = await lab.device(emulator, { program: () => agent });
			second.powerOn();
			const { status } = await lab.passing(ended(emulator, "replaced"));
			assert.equal(status, "SUCCEEDED", second.lines.join("\n"));
			assert.ok(
				second.lines.some((line) => line.includes("what was fetched before the reset is not there")),
				second.lines.join("\n"),
			);
		});

		it("begins anew where the server has another file by now", async () => {
			emulator.images.faults = { changing: true };
			const { device } = await run("HTTPS", {}, { at: 30, moment: "before" });
			assert.ok(device.lines.some((line) => line.includes("the server sends the whole file")));
		});

		it("writes at most ten checkpoints, and at most eight records beside them", async () => {
			const device = await lab.device(emulator, { program: () => agent });
			emulator.service.createJob({ jobId: "update", targets: ["alpha"], document: published.document });
			device.powerOn();
			await ended(emulator, "update");
			await device.said(/is over/);
			const checkpoints = Math.floor((image.byteLength - 1) / interval);
			process.stdout.write(`      ${checkpoints} checkpoints, ${device.storageWrites} storage writes\n`);
			assert.ok(checkpoints <= 10 && device.storageWrites - 2 * checkpoints <= 8, `${device.storageWrites}`);
		});
	});
