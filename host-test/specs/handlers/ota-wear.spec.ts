import assert from "node:assert/strict";
import { SECTOR_BYTES } from "../../device/flash-files.js";
import { makeImage } from "../../device/image.js";
import type { Cut } from "../../device/virtual-device.js";
import { engines, programFor } from "../kit/engines.js";
import { ended } from "../kit/executions.js";
import { publishImage, type TestImage } from "../kit/images.js";
import { Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";

const MOMENTS = ["before", "torn", "after"] as const;

/** Sectors between two checkpoints of a small image. */
const INTERVAL = 4;

for (const engine of engines)
	describe(`The flash that an interrupted update costs, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		let published: TestImage;
		let agent: Awaited<ReturnType<typeof programFor>>;
		const image = makeImage({ version: "2.0.0", programBytes: 70_000 });
		let runs = 0;
		const sectors = Math.ceil(image.byteLength / SECTOR_BYTES);
		before(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
			published = publishImage(emulator, image);
			agent = await programFor(engine);
		});
		after(() => lab.clear());

		/** @param next the power's next cut, asked for at each boot */
		async function update(jobId: string, next: (device: TestDevice) => Cut | undefined) {
			const device = await lab.device(emulator, { program: () => agent });
			const erased: number[] = Array(sectors).fill(0);
			const { flash } = device;
			const erase = flash.eraseSector.bind(flash);
			flash.eraseSector = (slot, sector, byteLength) => {
				erased[sector] = (erased[sector] ?? 0) + 1;
				erase(slot, sector, byteLength);
			};
			let cuts = 0;
			const states: string[] = [];
			const listen = (_thing: string, execution: { jobId: string; status: string }) => {
				if (execution.jobId === jobId && execution.status !== "IN_PROGRESS") states.push(execution.status);
			};
			emulator.service.on("execution", listen);
			device.on("off", () => {
				cuts += 1;
				device.cut = next(device);
				setImmediate(() => device.powerOn());
			});
			device.cut = next(device);
			const requests = emulator.images.ranges.length;
			emulator.service.createJob({ jobId, targets: ["alpha"], document: published.document });
			device.powerOn();
			const { status } = await lab.passing(ended(emulator, jobId)).finally(() => {
				emulator.service.off("execution", listen);
				device.removeAllListeners("off");
			});
			const console = device.lines.join("\n");
			assert.equal(status, "SUCCEEDED", console);
			assert.deepEqual(states, ["QUEUED", "SUCCEEDED"]);
			assert.ok(device.flash.holds(device.running?.slot ?? 0, image));
			assert.equal(device.aborts, 0);
			device.cutPower();
			return { erased, cuts, console, requests: emulator.images.ranges.length - requests };
		}

		/** The operations of an update that nobody interrupts. */
		async function operations(): Promise<string[]> {
			const kinds: string[] = [];
			await update(`clean-${runs++}`, (device) => {
				device.on("operation", (kind) => kinds.push(kind));
				return undefined;
			});
			return kinds;
		}

		/** @param sector the one that is erased or written when the power is cut */
		async function cutOnce(at: number, moment: Cut["moment"], sector: number): Promise<void> {
			const { erased, console } = await update(`cut-${at}`, (device) =>
				device.boots === 0 ? { at, moment } : undefined,
			);
			const said = `cut ${moment} ${at}\n${console}`;
			// Of the interval before, when the cut came before the record of its checkpoint; operations vary by a send.
			const first = Math.floor(sector / INTERVAL) * INTERVAL;
			const isNear = (i: number) => i >= first - 1 - INTERVAL && i <= first + INTERVAL;
			assert.ok(Math.max(...erased) <= 2 && erased.every((times, i) => times === 1 || isNear(i)), `${erased} ${said}`);
			const again = erased.reduce((sum, times) => sum + times - 1, 0);
			assert.ok(again <= INTERVAL, `${again} sectors again, ${said}`);
		}

		it("is one interval between checkpoints, wherever it was written or erased", async function () {
			this.timeout(240_000);
			const kinds = await operations();
			const points = [...kinds.entries()].filter(([, kind]) => kind === "flash" || kind === "erase");
			assert.ok(points.length > 3 * sectors - 2, `${points.length}`);
			let sector = -1;
			for (const [n, [at, kind]] of points.entries()) {
				if (kind === "erase") sector += 1;
				if (engine === "node" || n % 5 === 0) await cutOnce(at, MOMENTS[n % 3] ?? "before", sector);
			}
		});

		it("is an interval for each of twelve cuts in a row, at any operation", async function () {
			this.timeout(240_000);
			let most = 0;
			for (let round = 0; round < (engine === "xs" ? 2 : 8); round += 1) {
				let seed = round + 1;
				const random = (below: number) => {
					seed = (seed * 48_271) % 2_147_483_647;
					return seed % below;
				};
				// After each boot the device sends a dozen messages; a cut among them is one within the reading back.
				const { erased, cuts, console } = await update(`twelve-${round}`, (device) =>
					device.boots < 12 && device.running?.version !== "2.0.0"
						? { at: device.operations + 3 + random(30), moment: MOMENTS[random(3)] ?? "torn" }
						: undefined,
				);
				const again = erased.reduce((sum, times) => sum + times - 1, 0);
				assert.ok(again <= cuts * INTERVAL, `${again} sectors again in ${cuts} cuts\n${console}`);
				most = Math.max(most, again);
			}
			process.stdout.write(`      at most ${most} of ${sectors} sectors were written again in twelve cuts\n`);
		});

		it("is nothing where the update begins, at the boot loader's entry", async () => {
			for (const moment of ["before", "after"] as const) {
				let isCut = false;
				const { erased, console } = await update(`begun-${moment}`, (device) => {
					if (device.boots > 0) return undefined;
					device.on("operation", (operation, at) => {
						if (isCut || operation !== "boot" || device.flash.holds(1, image)) return;
						isCut = true;
						device.cut = { at, moment };
					});
					return undefined;
				});
				assert.ok(isCut, moment);
				assert.equal(Math.max(...erased), 1, `${moment}\n${console}`);
			}
		});

		it("is nothing once the image is whole: it is not fetched again", async function () {
			this.timeout(120_000);
			/** The record before the activation, the activation, and the new image on trial. */
			const points: [name: string, kind: string, version: string, moment: Cut["moment"]][] = [
				["record", "storage", "1.0.0", "after"],
				["activation", "boot", "1.0.0", "before"],
				["activated", "boot", "1.0.0", "after"],
				["trial", "send", "2.0.0", "before"],
			];
			for (const [name, kind, version, moment] of points) {
				let isCut = false;
				const { erased, console, requests } = await update(`whole-${name}`, (device) => {
					if (device.boots > 0) return undefined;
					device.on("operation", (operation, at) => {
						if (isCut || operation !== kind || device.running?.version !== version) return;
						if (!device.flash.holds(1, image)) return;
						isCut = true;
						device.cut = { at, moment };
					});
					return undefined;
				});
				assert.ok(isCut, name);
				assert.deepEqual([Math.max(...erased), requests], [1, 1], `${name}\n${console}`);
			}
		});
	});
