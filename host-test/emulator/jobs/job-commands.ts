import type { JobExecutionStatus } from "../../../src/protocol/messages.js";
import type { ErrorName } from "../base/errors.js";
import { MAX_CONTINUOUS_TARGETS } from "../base/limits.js";
import type { Milliseconds } from "../base/time.js";
import { isTerminal } from "./execution.js";
import { addCounts, isRollingOut, type Job } from "./job.js";
import type { JobConfig, RetryConfig } from "./job-config.js";
import { isOpen } from "./maintenance-windows.js";
import { rollOut } from "./rollout.js";

/**
 * What can be done with a job: a pure function from a job, a command and a time to the job as it is then, what is told of it,
 * and what has to be done with its executions.
 *
 * Sources: AWS IoT developer guide, "Jobs and job execution states" and "How job configurations work"; AWS IoT API
 * reference, CancelJob, DeleteJob, UpdateJob, AssociateTargetsWithJob.
 */
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
		case "associate":
			return associate(job, command, now);
		case "join":
			return join(job, command);
		case "lose":
			return { job: { ...job, gone: addCounts(job.gone, command.statuses) }, events: [] };
		case "tick":
			return tick(job, now);
	}
}

/** A thing's execution has another status: `before` is absent when it is new, `after` when it was deleted. */
export interface Transition {
	readonly before?: JobExecutionStatus | undefined;
	readonly after?: JobExecutionStatus | undefined;
}

/** What an operator may change of a job. A timeout holds for executions that have not started, all else from then on. */
export type JobUpdate = JobConfig & Partial<Pick<Job, "description">>;

export type JobCommand =
	| { readonly type: "execution"; readonly transition: Transition }
	| {
			readonly type: "cancel";
			readonly force: boolean;
			readonly comment?: string | undefined;
			readonly reasonCode?: string | undefined;
	  }
	| { readonly type: "delete"; readonly force: boolean }
	| { readonly type: "update"; readonly change: JobUpdate }
	/** More targets. The things that they mean follow with `join`. */
	| { readonly type: "associate"; readonly targets: readonly string[]; readonly comment?: string | undefined }
	/** These things are targets from now on, and wait for the rollout rate or do not. */
	| { readonly type: "join"; readonly things: readonly string[]; readonly isAtOnce: boolean }
	/** A thing with these executions is deleted. They count on. */
	| { readonly type: "lose"; readonly statuses: readonly JobExecutionStatus[] }
	/** Time has passed. */
	| { readonly type: "tick" };

/** The last part of `$aws/events/job/<jobId>/...`. */
export type JobEventName = "completed" | "canceled" | "deleted" | "cancellation_in_progress" | "deletion_in_progress";

export interface JobResult {
	readonly job: Job;
	/** In the order in which they are told. Of a cancellation and a deletion the last is told after its executions are done. */
	readonly events: readonly JobEventName[];
	readonly rejected?: { readonly code: ErrorName; readonly message: string };
	/** The things whose executions are queued now. */
	readonly queue?: readonly string[];
	/** Its executions are shown to devices, or are not: a maintenance window has opened, or closed. */
	readonly hold?: boolean;
	/** What its executions that have not ended are told of an update. */
	readonly reconfigure?: { readonly inProgressTimeoutInMinutes?: number | undefined; readonly stopRetries: boolean };
	/** The job's executions are cancelled: those that are QUEUED, and by force those that are IN_PROGRESS. */
	readonly cancel?: { readonly force: boolean };
}

function tick(before: Job, now: Milliseconds): JobResult {
	const { endTime, endBehavior = "STOP_ROLLOUT" } = before.scheduling ?? {};
	if (before.status !== "SCHEDULED" && before.status !== "IN_PROGRESS") return { job: before, events: [] };
	let job = before;
	if (endTime !== undefined && endTime <= now && !job.isStopped) {
		job = { ...job, isStopped: true, lastUpdatedAt: now };
		if (endBehavior !== "STOP_ROLLOUT") {
			return cancel(
				job,
				{ type: "cancel", force: endBehavior === "FORCE_CANCEL", comment: "The end time has come" },
				now,
			);
		}
	}
	const status = mayRun(job, now) ? "IN_PROGRESS" : "SCHEDULED";
	const hold = status === job.status ? {} : { hold: status === "SCHEDULED" };
	if (status !== job.status) job = { ...job, status, lastUpdatedAt: now };
	if (status === "SCHEDULED") return { job, events: [], ...hold };
	const { job: rolled, queue } = rollOut(job, now);
	return { ...(queue.length > 0 ? { job: rolled, queue, events: [] } : completed(rolled, now)), ...hold };
}

/**
 * Whether a job is IN_PROGRESS, and not SCHEDULED: its start has come, and a maintenance window is open. Open point:
 * after the last window.
 */
function mayRun({ scheduling, isStopped }: Job, now: Milliseconds): boolean {
	if (scheduling === undefined || isStopped) return true;
	const { startTime = now, maintenanceWindows } = scheduling;
	return startTime <= now && isOpen(maintenanceWindows, now);
}

/** AWS: a thing that joins a target group later gets the job at once, outside of the rollout rate. */
function join(job: Job, { things, isAtOnce }: JobCommand & { type: "join" }): JobResult {
	const joining = new Set(things);
	const had = job.members.slice(0, job.rolledOut);
	const waiting = job.members.slice(job.rolledOut).filter((thingName) => !joining.has(thingName));
	if (!isAtOnce || job.status !== "IN_PROGRESS" || job.isStopped) {
		return { job: { ...job, members: [...had, ...waiting, ...things] }, events: [] };
	}
	const rolledOut = job.rolledOut + things.length;
	return { job: { ...job, members: [...had, ...things, ...waiting], rolledOut }, queue: things, events: [] };
}

/** A SNAPSHOT job is complete when every execution has ended; a CONTINUOUS one only after its end time. Open point: job for nobody. */
function completed(job: Job, now: Milliseconds): JobResult {
	const { counts, status, targetSelection, isStopped } = job;
	const pending = (counts.QUEUED ?? 0) + (counts.IN_PROGRESS ?? 0);
	const mayEnd = targetSelection === "SNAPSHOT" || isStopped;
	if (status !== "IN_PROGRESS" || pending > 0 || isRollingOut(job) || !mayEnd) return { job, events: [] };
	return { job: { ...job, status: "COMPLETED", completedAt: now, lastUpdatedAt: now }, events: ["completed"] };
}

function count(job: Job, { before, after }: Transition, now: Milliseconds): JobResult {
	const counts = { ...job.counts };
	if (before !== undefined) counts[before] = (counts[before] ?? 0) - 1;
	if (after !== undefined) counts[after] = (counts[after] ?? 0) + 1;
	const counted = { ...job, counts };
	// Only an execution that ends can fulfil the abort criteria.
	if (after !== undefined && isTerminal(after) && isAborted(counted)) {
		return cancel(counted, { type: "cancel", force: false, ...ABORTED }, now);
	}
	return completed(counted, now);
}

/** AWS sets both when it aborts a job, and does not publish their words: these are ours. */
const ABORTED = { reasonCode: "ABORT_CRITERIA_MET", comment: "The abort criteria are met" };

/** Whether a criterion of `abortConfig` is met: so many executions have ended, and so large a share of them badly. */
function isAborted({ status, abortConfig, counts }: Job): boolean {
	if ((status !== "IN_PROGRESS" && status !== "SCHEDULED") || abortConfig === undefined) return false;
	const of = (name: JobExecutionStatus) => counts[name] ?? 0;
	const executed = of("SUCCEEDED") + of("FAILED") + of("REJECTED") + of("TIMED_OUT");
	return abortConfig.criteriaList.some(({ failureType, thresholdPercentage, minNumberOfExecutedThings }) => {
		const failed = failureType === "ALL" ? of("FAILED") + of("REJECTED") + of("TIMED_OUT") : of(failureType);
		return executed >= minNumberOfExecutedThings && failed * 100 >= thresholdPercentage * executed;
	});
}

function cancel(job: Job, command: JobCommand & { type: "cancel" }, now: Milliseconds): JobResult {
	const { force, comment, reasonCode } = command;
	if (job.status === "COMPLETED" || (job.status === "CANCELED" && !force)) {
		return refused(job, "InvalidRequest", `Job ${job.jobId} is ${job.status}: it cannot be cancelled`);
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
	return { job: canceled, events: ["cancellation_in_progress", "canceled"], cancel: { force } };
}

function update(job: Job, change: JobUpdate, now: Milliseconds): JobResult {
	if (job.status !== "IN_PROGRESS" && job.status !== "SCHEDULED") {
		return refused(job, "InvalidRequest", `Job ${job.jobId} is ${job.status}: it cannot be updated`);
	}
	const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
	if (Object.keys(given).length === 0) return refused(job, "InvalidRequest", "The update has nothing to change");
	const { timeoutConfig, jobExecutionsRetryConfig: retries } = change;
	if (retries !== undefined && !endsRetries(job, retries)) {
		const message =
			"jobExecutionsRetryConfig: numberOfRetries can only become 0, for the failure types that the job has";
		return refused(job, "InvalidRequest", message);
	}
	// A new rate holds at once: without this the minute that is under way would keep its own.
	const minute = change.jobExecutionsRolloutConfig === undefined ? job.minute : undefined;
	return {
		job: { ...job, ...given, minute, lastUpdatedAt: now },
		events: [],
		reconfigure: { ...timeoutConfig, stopRetries: retries !== undefined },
	};
}

/** Source: AWS IoT API reference, UpdateJob. */
function endsRetries({ jobExecutionsRetryConfig }: Job, { criteriaList }: RetryConfig): boolean {
	const types = (config: RetryConfig | undefined) =>
		(config?.criteriaList ?? [])
			.map(({ failureType }) => failureType)
			.sort()
			.join();
	const areSame = types(jobExecutionsRetryConfig) === types({ criteriaList });
	return areSame && criteriaList.every(({ numberOfRetries }) => numberOfRetries === 0);
}

function associate(job: Job, { targets, comment }: JobCommand & { type: "associate" }, now: Milliseconds): JobResult {
	const { jobId, status, targetSelection } = job;
	if (targetSelection !== "CONTINUOUS") return refused(job, "InvalidRequest", `Job ${jobId} is not CONTINUOUS`);
	if (status !== "IN_PROGRESS") return refused(job, "InvalidRequest", `Job ${jobId} is ${status}`);
	const all = [...new Set([...job.targets, ...targets])];
	if (all.length > MAX_CONTINUOUS_TARGETS) {
		return refused(job, "LimitExceeded", `A job has at most ${MAX_CONTINUOUS_TARGETS} targets`);
	}
	return { job: { ...job, targets: all, comment: comment ?? job.comment, lastUpdatedAt: now }, events: [] };
}

function remove(job: Job, force: boolean, now: Milliseconds): JobResult {
	if (!force && job.status !== "COMPLETED" && job.status !== "CANCELED") {
		const message = `Job ${job.jobId} is ${job.status}: it can only be deleted by force`;
		return refused(job, "InvalidStateTransition", message);
	}
	return {
		job: { ...job, status: "DELETION_IN_PROGRESS", lastUpdatedAt: now },
		events: ["deletion_in_progress", "deleted"],
	};
}

function refused(job: Job, code: ErrorName, message: string): JobResult {
	return { job, events: [], rejected: { code, message } };
}
