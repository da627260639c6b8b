import assert from "node:assert/strict";
import type { Cut } from "../../device/virtual-device.js";
import type { Emulator } from "../../emulator/emulator.js";
import type { Operation } from "../../machine/hardware.js";
import { engines, programFor } from "../kit/engines.js";
import { ended, history } from "../kit/executions.js";
import { publishImage, type TestImage } from "../kit/images.js";
import { Lab, type TestDevice } from "../kit/lab.js";

function countKinds(operations: readonly Operation[]): Record<Operation, number> {
	const counts = { storage: 0, flash: 0, erase: 0, boot: 0, send: 0 };
	for (const kind of operations) counts[kind] += 1;
	return counts;
}

function say(points: number, cuts: number, { storage, flash, erase, boot, send }: Record<Operation, number>): void {
	const kinds = `${storage} storage writes, ${flash} flash writes, ${erase} erases, ${boot} boot marks, ${send} sends`;
	process.stdout.write(`      ${points} points in ${kinds}; the power was cut at ${cuts} of them\n`);
}

/**
 * The method is MCUboot's (its `sim/`): one run counts the operations, then the run is repeated with a power cut at each,
 * so that the points grow with the code by themselves.
 */
for (const engine of engines)
	describe(`A power cut at each write and send, the agent in ${engine}`, () => {
		let lab: Lab;
		let agent: Awaited<ReturnType<typeof programFor>>;
		beforeEach(async () => {
			lab = new Lab();
			agent = await programFor(engine);
		});
		afterEach(() => lab.clear());

		/** Runs a job with a cut, turns the power on again, and waits for the end. */
		async function run(emulator: Emulator, jobId: string, document: Record<string, unknown>, cut: Cut | undefined) {
			const device = await lab.device(emulator, { program: () => agent });
			const kinds: Operation[] = [];
			device.on("operation", (kind) => kinds.push(kind));
			device.cut = cut;
			// Power returns by itself, though not before what the cut interrupted has ended.
			device.once("off", () => setImmediate(() => device.powerOn()));
			const states = history(emulator, jobId);
			emulator.service.createJob({ jobId, targets: ["alpha"], document });
			device.powerOn();
			await ended(emulator, jobId);
			// The service knows the end; the last operations are those with which the device takes note of it.
			await device.said(/is over|is let go|nothing is pending/);
			device.removeAllListeners("off");
			const happened = cut !== undefined && device.cut === undefined;
			device.cut = undefined;
			return { device, states, kinds, happened };
		}

		/** After the end: whatever the device still has to say, nothing more happens to the execution. */
		async function assertOver(device: TestDevice, states: readonly { status: string }[]): Promise<void> {
			const from = device.lines.length;
			device.reset();
			await device.said(/is let go|nothing is pending/, from);
			const terminal = states.filter(({ status }) => status !== "IN_PROGRESS" && status !== "QUEUED");
			assert.deepEqual(
				terminal.map(({ status }) => status),
				["SUCCEEDED"],
			);
		}

		function points(kinds: readonly Operation[]): Cut[] {
			return kinds.flatMap((kind, at): Cut[] => {
				const torn = kind === "storage" || kind === "flash" || kind === "erase";
				return [{ at, moment: "before" }, ...(torn ? [{ at, moment: "torn" } as const] : []), { at, moment: "after" }];
			});
		}

		async function matrix(
			documentOf: (emulator: Emulator) => TestImage | { document: Record<string, unknown> },
			check: (device: TestDevice, kind: ReturnType<typeof documentOf>) => void,
		): Promise<{ points: number; cuts: number; kinds: Record<Operation, number> }> {
			const emulator = await lab.emulator();
			const job = documentOf(emulator);
			const clean = await run(emulator, "clean", job.document, undefined);
			check(clean.device, job);
			clean.device.cutPower();
			const all = points(clean.kinds);
			const kinds = countKinds(clean.kinds);
			let cuts = 0;
			for (const [i, cut] of all.entries()) {
				const { device, states, happened } = await run(emulator, `cut-${i}`, job.document, cut);
				const where = `cut ${cut.moment} operation ${cut.at} (${clean.kinds[cut.at]})`;
				try {
					check(device, job);
					await assertOver(device, states);
					assert.equal(device.aborts, 0);
				} catch (error) {
					throw new Error(`${where}: ${(error as Error).message}\n${device.lines.join("\n")}`);
				}
				device.cutPower();
				if (happened) cuts += 1;
			}
			return { points: all.length, cuts, kinds };
		}

		it("of a firmware job: SUCCEEDED once, with the image whole", async function () {
			this.timeout(240_000);
			const { points, cuts, kinds } = await matrix(publishImage, (device, job) => {
				assert.equal(device.running?.version, "2.0.0");
				assert.ok(device.flash.holds(device.running.slot, (job as TestImage).image), "the image is whole");
				assert.equal(device.flash.bootData.states[device.running.slot], "VALID");
			});
			say(points, cuts, kinds);
			// Record writes depend on how many progress reports find their time, sends on how TLS records fall together.
			assert.deepEqual([kinds.flash, kinds.erase, kinds.boot], [10, 5, 3]);
			assert.ok(kinds.storage >= 5 && kinds.storage <= 8, `${kinds.storage} storage writes`);
			assert.ok(kinds.send >= 15 && cuts > points * 0.75, `${cuts} cuts at ${points} points`);
		});

		it("of a reboot job: SUCCEEDED once", async function () {
			this.timeout(60_000);
			const { points, cuts, kinds } = await matrix(
				() => ({ document: { operation: "reboot" } }),
				(device) => assert.ok(device.boots >= 2),
			);
			say(points, cuts, kinds);
			assert.deepEqual([kinds.storage, kinds.flash, kinds.erase, kinds.boot], [6, 0, 0, 0]);
			assert.ok(kinds.send >= 12 && cuts > points * 0.75, `${cuts} cuts at ${points} points`);
		});
	});
