import type { Emulator } from "../../emulator/emulator.js";
import type { Job } from "../../emulator/jobs/job.js";
import { jobProcessDetails } from "../../emulator/jobs/job-events.js";

const NAMES = {
	SUCCEEDED: "Succeeded",
	FAILED: "Failed",
	CANCELED: "Canceled",
	QUEUED: "Queued",
	IN_PROGRESS: "InProgress",
};

/** The service's own count of a job's executions, under the names of the statuses. */
export function countedByService(emulator: Emulator, jobId: string): Record<string, number> {
	const details = jobProcessDetails(emulator.service.job(jobId) as Job);
	const entries = Object.entries(NAMES).map(
		([status, name]) => [status, details[`numberOf${name}Things`] ?? 0] as const,
	);
	return Object.fromEntries(entries.filter(([, count]) => count > 0));
}
