// A fleet and its emulator, in a process of its own, so that memory and open files are theirs alone: argument, the size.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtualClock } from "../clock.js";
import { Emulator } from "../emulator/emulator.js";
import { makeEmulatorFleet, runFleetJob } from "../fleet/fleet-job.js";
import { mostDevices } from "../fleet/open-files.js";
import { heap } from "./heap.js";

/** Of one device. */
export interface FleetFigures {
	readonly devices: number;
	readonly makeMs: number;
	readonly runMs: number;
	readonly messages: number;
	readonly heapBytes: number;
	readonly residentBytes: number;
}

/** Loads and warms up what is measured next. */
const WARM_UP = 100;

async function run(devices: number): Promise<FleetFigures> {
	const directory = mkdtempSync(join(tmpdir(), "iot-jobs-bench-"));
	const clock = new VirtualClock();
	clock.hold();
	const emulator = await Emulator.start({ directory: join(directory, "emulator"), things: [], clock });
	emulator.service.setMaxListeners(0);
	try {
		const [heapBefore, residentBefore, start] = [heap(), process.memoryUsage().rss, performance.now()];
		const fleet = await makeEmulatorFleet(emulator, { directory: join(directory, "flash"), things: devices, clock });
		const made = performance.now();
		const job = { jobId: "job", document: { operation: "diagnostics" } };
		const { executions, messages } = await clock.passUntil(runFleetJob(emulator, fleet, job));
		const ended = performance.now();
		if (executions.SUCCEEDED !== devices) throw new Error(JSON.stringify(executions));
		const figures = {
			devices,
			makeMs: (made - start) / devices,
			runMs: (ended - made) / devices,
			messages,
			heapBytes: (heap() - heapBefore) / devices,
			residentBytes: (process.memoryUsage().rss - residentBefore) / devices,
		};
		fleet.powerOff();
		return figures;
	} finally {
		await emulator.close();
		rmSync(directory, { recursive: true, force: true });
	}
}

await run(WARM_UP);
process.stdout.write(JSON.stringify(await run(Math.min(Number(process.argv[2]), mostDevices()))));
