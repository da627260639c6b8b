import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeImage } from "../device/image.js";
import type { Emulator } from "../emulator/emulator.js";
import type { Fault } from "../emulator/faults/faults.js";
import { countsOf } from "../fleet/figures.js";
import { type FleetSummary, makeEmulatorFleet, runFleetJob } from "../fleet/fleet-job.js";
import { filesFor, mostDevices } from "../fleet/open-files.js";
import { inTemporaryDirectory } from "../temporary-directory.js";
import { readFaults } from "./emulator-options.js";
import { progressLine } from "./progress-line.js";
import { startEmulator } from "./servers.js";
import { UsageError } from "./usage-error.js";

export interface FleetCommandOptions {
	readonly things: number;
	/** Default: a firmware update. */
	readonly document: Record<string, unknown> | undefined;
	/** Percent of the devices on which the new firmware crashes. */
	readonly faulty: number;
	/** Milliseconds. */
	readonly latency: number;
	readonly fault: readonly string[];
	/** Percent of failures that cancels the job. */
	readonly abort: number | undefined;
	readonly json: boolean;
}

const IMAGE_BYTES = 20_000;
/** The job is cancelled only after this many executions have ended. */
const MIN_EXECUTED = 10;

/** `iot-jobs simulate --things N`: an emulator and a fleet in this process do one job. 0 when every device SUCCEEDED. */
export async function simulateFleet(options: FleetCommandOptions): Promise<number> {
	const { things } = options;
	const most = mostDevices();
	if (things > most) {
		throw new UsageError(
			`--things ${things}: this process may open files for ${most} devices; raise ulimit -n to ${filesFor(things)}`,
		);
	}
	return await inTemporaryDirectory((directory) => run(options, directory));
}

async function run(options: FleetCommandOptions, directory: string): Promise<number> {
	const { things, latency, fault, abort, json } = options;
	const emulator = await startEmulator({ directory: join(directory, "emulator"), things: [] });
	emulator.service.setMaxListeners(0);
	try {
		for (const one of [...latencies(latency), ...readFaults(fault)]) emulator.faults.add(one);
		const progress = progressLine(json);
		const fleet = await makeEmulatorFleet(emulator, {
			...{ directory: join(directory, "flash"), things, faultyPercent: options.faulty },
			onMade: (made) => progress(`${made} of ${things} devices are made`),
		});
		const document = options.document ?? updateDocument(emulator);
		const job = { jobId: "fleet", document, ...(abort !== undefined && abortAt(abort)) };
		const summary = await runFleetJob(emulator, fleet, job, (now) => progress(() => countsOf(now)));
		progress("");
		const status = emulator.service.job("fleet")?.status;
		fleet.powerOff();
		process.stdout.write(json ? `${JSON.stringify({ job: status, ...summary })}\n` : describe(summary, String(status)));
		return summary.executions.SUCCEEDED === things ? 0 : 1;
	} finally {
		await emulator.close();
	}
}

/** Delays messages in both directions by up to `ms`: a quarter of them by each of the four quarters of it. */
function latencies(ms: number): Fault[] {
	if (ms === 0) return [];
	return [1, 2, 3, 4].map((quarter) => ({
		action: "delay",
		ms: Math.ceil((ms * quarter) / 4),
		probability: 1 / (5 - quarter),
		seed: quarter,
	}));
}

/** Publishes a firmware image as a file stream. @returns the document of its update */
function updateDocument(emulator: Emulator): Record<string, unknown> {
	const image = makeImage({ version: "2.0.0", programBytes: IMAGE_BYTES });
	writeFileSync(join(emulator.imageDirectory, "fleet.bin"), image);
	const files = [{ fileId: 0, bucket: "images", key: "fleet.bin" }];
	const when = { createdAt: 0, lastUpdatedAt: 0 };
	emulator.streams.put({
		streamId: "fleet",
		streamVersion: 1,
		description: undefined,
		roleArn: undefined,
		files,
		...when,
	});
	const sha256 = createHash("sha256").update(image).digest("hex");
	return { operation: "ota", version: "2.0.0", streamId: "fleet", size: image.byteLength, sha256 };
}

function abortAt(thresholdPercentage: number) {
	const criterion = {
		failureType: "ALL",
		action: "CANCEL",
		thresholdPercentage,
		minNumberOfExecutedThings: MIN_EXECUTED,
	} as const;
	return { abortConfig: { criteriaList: [criterion] } };
}

function describe(summary: FleetSummary, status: string): string {
	const { executions, retries, milliseconds, messages, storageWrites, flashWrites } = summary;
	const rows = Object.entries(executions).map(([name, count]) => `  ${name.padEnd(12)} ${count}`);
	const { median, ninth, longest } = milliseconds;
	return `The job is ${status}.

${rows.join("\n")}
  retries      ${retries}

From queued to ended: 50 % within ${median} ms, 90 % within ${ninth} ms, all within ${longest} ms.
Per device: ${messages} messages, ${storageWrites} storage writes, ${flashWrites} flash writes.
`;
}
