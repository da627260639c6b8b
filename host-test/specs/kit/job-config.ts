import type { RetryConfig } from "../../emulator/jobs/job-config.js";

/** How often a job's executions are tried again, as a member of a new job. */
export function retries(numbers: Partial<Record<RetryConfig["criteriaList"][number]["failureType"], number>>): {
	jobExecutionsRetryConfig: RetryConfig;
} {
	const criteriaList = Object.entries(numbers).map(([failureType, numberOfRetries]) => ({
		failureType: failureType as "ALL",
		numberOfRetries,
	}));
	return { jobExecutionsRetryConfig: { criteriaList } };
}
