import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { Command, createJobAt, FREE_PORTS } from "../kit/command.js";

const PAGE_BYTES = 4_096;
const SNAPSHOTS = 6;
const JOBS_BETWEEN = 5;
const LOSSES = 24;
const SEED = 20_261_125;

/**
 * A machine that loses its power: of what the emulator has written since, each page of the store's file has reached the disk,
 * or has not. LMDB does not wait for it (`Store` says why).
 */
describe("The emulator's store after the machine has lost its power", function () {
	this.timeout(600_000);
	let iotJobs: Command;
	/** The file as it was at one moment after another. */
	const files: Buffer[] = [];
	before(async () => {
		iotJobs = new Command();
		const { child, addresses } = await iotJobs.emulate();
		for (let i = 0; i < SNAPSHOTS; i += 1) {
			for (let k = 0; k < JOBS_BETWEEN; k += 1)
				await createJobAt(addresses, `job-${i}-${k}`, { text: "x".repeat(2_000) });
			files.push(readFileSync(join(iotJobs.directory, "state", "data.mdb")));
		}
		child.kill("SIGKILL");
		await once(child, "close");
	});
	after(() => iotJobs.clear());

	it("is opened, or refused in one sentence: nothing hangs, no signal", async () => {
		const outcomes = { opened: 0, refused: 0 };
		const old = fc.nat(SNAPSHOTS - 1);
		const seldomOld = fc.oneof({ arbitrary: fc.constant(SNAPSHOTS), weight: 40 }, { arbitrary: old, weight: 1 });
		const anyLoss = fc.record({
			at: fc.integer({ min: 1, max: SNAPSHOTS - 1 }),
			pages: fc.oneof(...[old, seldomOld].map((page) => fc.array(page, { minLength: 64, maxLength: 64 }))),
		});
		await fc.assert(
			fc.asyncProperty(anyLoss, async ({ at, pages }) => {
				writeFileSync(join(iotJobs.directory, "state", "data.mdb"), afterLoss(at, pages));
				outcomes[await outcome()] += 1;
			}),
			{ numRuns: LOSSES, seed: SEED, endOnFailure: true },
		);
		process.stdout.write(`      ${outcomes.opened} opened, ${outcomes.refused} refused\n`);
	});

	/** The file of one moment, with each page as it was then or at a moment before. */
	function afterLoss(at: number, pages: readonly number[]): Buffer {
		const file = Buffer.from(files[at] as Buffer);
		for (let from = 0, n = 0; from < file.length; from += PAGE_BYTES, n += 1) {
			const older = files[Math.min(at, pages[n % pages.length] ?? 0)] as Buffer;
			older.copy(file, from, from, from + PAGE_BYTES);
		}
		return file;
	}

	async function outcome(): Promise<"opened" | "refused"> {
		const child = iotJobs.start("emulate", "--dir", iotJobs.directory, "--thing", "one", "--json", ...FREE_PORTS);
		let stderr = "";
		child.stderr.on("data", (chunk) => {
			stderr += chunk;
		});
		const closed = once(child, "close");
		const first = await Promise.race([once(child.stdout, "data").then(() => "opened" as const), closed]);
		if (first === "opened") {
			child.kill("SIGTERM");
			assert.deepEqual(await closed, [0, null], stderr);
			return first;
		}
		assert.deepEqual(first, [1, null], stderr);
		assert.match(stderr, /^iot-jobs: .*state: the store is damaged; delete this directory to begin anew\n$/);
		return "refused";
	}
});
