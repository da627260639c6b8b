import type { Emulator } from "../../jobs-service/emulator.js";
import { jobProcessDetails } from "../../jobs-service/fleet-events.js";
import type { Job } from "../../jobs-service/job-model.js";

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
