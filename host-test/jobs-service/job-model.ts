import type { JobDocument, JobExecutionStatus } from "../../src/agent/messages.js";
import type { Milliseconds, Retries } from "./execution.js";

/**
 * A job as the operator sees it: a pure function, like the model of a thing's queue. It knows how many things are in
 * which status, and not which: a change costs the same for ten things and ten thousand.
 *
 * Source: shared/spec/aws-iot-jobs.md, section 5.
 */

export type JobStatus = "IN_PROGRESS" | "COMPLETED" | "CANCELED" | "DELETION_IN_PROGRESS";

export interface JobOptions {
	readonly jobId: string;
	/** Names of things. */
	readonly targets: readonly string[];
	readonly document: JobDocument;
	readonly description?: string | undefined;
	readonly inProgressTimeoutInMinutes?: number | undefined;
	readonly retries?: Retries | undefined;
	/** How long the presigned URLs in the document are good: presignedUrlConfig.expiresInSec, 60..3600. */
	readonly expiresInSec?: number | undefined;
}

export interface Job extends JobOptions {
	readonly status: JobStatus;
	readonly createdAt: Milliseconds;
	readonly lastUpdatedAt: Milliseconds;
	readonly completedAt: Milliseconds | undefined;
	readonly comment: string | undefined;
	readonly reasonCode: string | undefined;
	readonly forceCanceled: boolean;
	/** Things by the status of their latest execution. */
	readonly counts: Readonly<Partial<Record<JobExecutionStatus, number>>>;
}

/** What became of a thing's execution: `before` is absent when it is new, `after` when it was deleted. */
export interface Transition {
	readonly before?: JobExecutionStatus | undefined;
	readonly after?: JobExecutionStatus | undefined;
}

/** What an operator may change of a job that is there: it counts for executions that are queued from then on. */
export type JobUpdate = Partial<Pick<Job, "description" | "inProgressTimeoutInMinutes" | "expiresInSec">>;

export type JobCommand =
	| { readonly type: "execution"; readonly transition: Transition }
	| {
			readonly type: "cancel";
			readonly force: boolean;
			readonly comment?: string | undefined;
			readonly reasonCode?: string | undefined;
	  }
	| { readonly type: "delete"; readonly force: boolean }
	| { readonly type: "update"; readonly change: JobUpdate };

/** The last part of `$aws/events/job/<jobId>/...`. */
export type JobEvent = "completed" | "canceled" | "deleted" | "cancellation_in_progress" | "deletion_in_progress";

export interface JobResult {
	readonly job: Job;
	/** In the order in which they are told. The last of a cancellation or deletion follows when its executions are done. */
	readonly events: readonly JobEvent[];
	readonly rejected?: { readonly code: "InvalidRequest" | "InvalidStateTransition"; readonly message: string };
}

export function createJob(options: JobOptions, now: Milliseconds): Job {
	return {
		...options,
		status: "IN_PROGRESS",
		createdAt: now,
		lastUpdatedAt: now,
		completedAt: undefined,
		comment: undefined,
		reasonCode: undefined,
		forceCanceled: false,
		counts: {},
	};
}

export function applyToJob(job: Job, command: JobCommand, now: Milliseconds): JobResult {
	switch (command.type) {
		case "execution":
			return count(job, command.transition, now);
		case "cancel":
			return cancel(job, command, now);
		case "delete":
			return remove(job, command.force, now);
		case "update":
			return update(job, command.change, now);
	}
}

function count(job: Job, { before, after }: Transition, now: Milliseconds): JobResult {
	const counts = { ...job.counts };
	if (before !== undefined) counts[before] = (counts[before] ?? 0) - 1;
	if (after !== undefined) counts[after] = (counts[after] ?? 0) + 1;
	const counted = { ...job, counts };
	const pending = (counts.QUEUED ?? 0) + (counts.IN_PROGRESS ?? 0);
	if (job.status !== "IN_PROGRESS" || pending > 0) return { job: counted, events: [] };
	return {
		job: { ...counted, status: "COMPLETED", completedAt: now, lastUpdatedAt: now },
		events: ["completed"],
	};
}

/** What is QUEUED becomes CANCELED at once, what runs goes on unless it is forced. */
function cancel(job: Job, command: JobCommand & { type: "cancel" }, now: Milliseconds): JobResult {
	const { force, comment, reasonCode } = command;
	if (job.status === "COMPLETED" || (job.status === "CANCELED" && !force)) {
		const message = `Job ${job.jobId} is ${job.status}: it cannot be cancelled`;
		return { job, events: [], rejected: { code: "InvalidRequest", message } };
	}
	const canceled: Job = {
		...job,
		status: "CANCELED",
		comment,
		reasonCode,
		forceCanceled: force,
		completedAt: now,
		lastUpdatedAt: now,
	};
	return { job: canceled, events: ["cancellation_in_progress", "canceled"] };
}

function update(job: Job, change: JobUpdate, now: Milliseconds): JobResult {
	if (job.status !== "IN_PROGRESS") {
		const message = `Job ${job.jobId} is ${job.status}: it cannot be updated`;
		return { job, events: [], rejected: { code: "InvalidRequest", message } };
	}
	return { job: { ...job, ...change, lastUpdatedAt: now }, events: [] };
}

function remove(job: Job, force: boolean, now: Milliseconds): JobResult {
	if (!force && job.status !== "COMPLETED" && job.status !== "CANCELED") {
		const message = `Job ${job.jobId} is ${job.status}: it can only be deleted by force`;
		return { job, events: [], rejected: { code: "InvalidStateTransition", message } };
	}
	return {
		job: { ...job, status: "DELETION_IN_PROGRESS", lastUpdatedAt: now },
		events: ["deletion_in_progress", "deleted"],
	};
}
