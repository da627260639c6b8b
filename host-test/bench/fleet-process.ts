// A fleet and its emulator in a process of their own, so that memory and open files are theirs alone. Argument: the number of devices.
import { join } from "node:path";
import { VirtualClock } from "../clock.js";
import { Emulator } from "../emulator/emulator.js";
import { makeEmulatorFleet, runFleetJob } from "../fleet/fleet-job.js";
import { mostDevices } from "../fleet/open-files.js";
import { inTemporaryDirectory } from "../temporary-directory.js";
import { heap } from "./heap.js";

/** All but the number of devices are per device. */
export interface FleetFigures {
	readonly devices: number;
	readonly makeMs: number;
	readonly runMs: number;
	readonly messages: number;
	readonly heapBytes: number;
	readonly residentBytes: number;
}

/** Devices of a first run, which loads and warms up the code. */
const WARM_UP = 100;

async function run(devices: number, directory: string): Promise<FleetFigures> {
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
	}
}

const devices = Math.min(Number(process.argv[2]), mostDevices());
await inTemporaryDirectory((directory) => run(WARM_UP, directory));
const figures = await inTemporaryDirectory((directory) => run(devices, directory));
process.stdout.write(JSON.stringify(figures));
