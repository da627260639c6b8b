import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fleet } from "../device/fleet.js";
import { VirtualClock } from "../ecma419/clock.js";
import { Emulator } from "../jobs-service/emulator.js";
import { heap } from "./heap.js";

/** The first is for the engine to warm up, and not printed. */
const SIZES = [200, 1_000, 3_000, 10_000];

/**
 * Fleets of virtual devices that do a one-step job, all in this process: the devices, their TLS, the broker and the service.
 * Time is virtual, or the rollout alone (1,000 things a minute, as AWS's) would take ten minutes.
 */
export async function benchFleet(say: (text?: string) => void): Promise<void> {
	say("A fleet in one process, a one-step job (diagnostics): a device");
	say("  things      made       run   messages      heap   resident      in all");
	for (const [round, size] of SIZES.entries()) {
		const directory = mkdtempSync(join(tmpdir(), "iot-jobs-bench-"));
		const clock = new VirtualClock();
		clock.hold();
		const emulator = await Emulator.start({ directory: join(directory, "emulator"), things: [], clock });
		emulator.service.setMaxListeners(0);
		try {
			const [heapBefore, residentBefore, start] = [heap(), process.memoryUsage().rss, performance.now()];
			const fleet = await Fleet.make({ emulator, directory: join(directory, "flash"), things: size, clock });
			const made = performance.now();
			const { executions, messages } = await clock.passUntil(
				fleet.run({ jobId: "job", document: { operation: "diagnostics" } }),
			);
			const ended = performance.now();
			if (executions.SUCCEEDED !== size) throw new Error(JSON.stringify(executions));
			const kilobytes = (bytes: number) => `${(bytes / size / 1_024).toFixed(0)} KB`;
			const milliseconds = (ms: number) => `${(ms / size).toFixed(1)} ms`;
			const cells = [
				milliseconds(made - start).padStart(9),
				milliseconds(ended - made).padStart(9),
				String(messages).padStart(10),
				kilobytes(heap() - heapBefore).padStart(9),
				kilobytes(process.memoryUsage().rss - residentBefore).padStart(10),
				`${((ended - start) / 1_000).toFixed(0)} s`.padStart(11),
			];
			if (round > 0) say(`  ${String(size).padStart(6)} ${cells.join(" ")}`);
			fleet.powerOff();
		} finally {
			await emulator.close();
			rmSync(directory, { recursive: true, force: true });
		}
	}
}
