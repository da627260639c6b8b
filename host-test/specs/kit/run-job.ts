import type { Execution } from "../../emulator/jobs/execution.js";
import { ended, history } from "./executions.js";
import type { TestDevice, TestEmulator } from "./lab.js";

interface Done extends Pick<Execution, "status" | "statusDetails"> {
	/** Through which it went. */
	readonly states: readonly Execution[];
}

let jobs = 0;

/** One more job for alpha, from its creation to its end: the service and the device both know that it is over. */
export async function runJob(emulator: TestEmulator, device: TestDevice, document: object): Promise<Done> {
	jobs += 1;
	const jobId = `job-${jobs}`;
	const states = history(emulator, jobId);
	const from = device.lines.length;
	emulator.service.createJob({ jobId, targets: ["alpha"], document: document as Record<string, unknown> });
	device.powerOn();
	const { status, statusDetails } = await ended(emulator, jobId);
	await device.said(/is over|is let go|nothing is pending/, from);
	return { status, statusDetails, states };
}
