import { ServiceError } from "../base/errors.js";
import { MAX_CONTINUOUS_TARGETS } from "../base/limits.js";
import { JOB_ID } from "../base/names.js";
import type { JobOptions } from "./job.js";
import { checkDocument, checkDocumentLength } from "./job-document.js";
import { type Lookups, readTargets } from "./targets.js";

/**
 * A job to create, from whichever side it comes: an operator's request, the command line, a test.
 *
 * `targets` are ARNs of things and groups; a thing's name stands for its ARN. `targetSelection` is SNAPSHOT by default.
 */
export type NewJob = Omit<JobOptions, "targetSelection"> & Partial<Pick<JobOptions, "targetSelection">>;

/**
 * @returns the job's options, and the names of its things
 * @throws ServiceError when the job id is malformed, a target does not exist, or a limit is exceeded
 */
export function checkNewJob(
	newJob: NewJob,
	lookups: Lookups,
): { readonly options: JobOptions; readonly things: readonly string[] } {
	JOB_ID.check("jobId", newJob.jobId);
	const { targetSelection = "SNAPSHOT", document, documentText } = newJob;
	const { arns, things } = readTargets(newJob.targets, lookups);
	// A target that is named twice counts twice.
	if (targetSelection === "CONTINUOUS" && newJob.targets.length > MAX_CONTINUOUS_TARGETS) {
		throw new ServiceError("LimitExceeded", `targets: at most ${MAX_CONTINUOUS_TARGETS}`);
	}
	// Where there is a text, its length is what counts, and whoever read it has checked it.
	if (documentText === undefined) checkDocumentLength(JSON.stringify(checkDocument(document)));
	return { options: { ...newJob, targets: arns, targetSelection }, things };
}
