import type { JobDocument, JobExecutionStatus } from "../../../src/protocol/messages.js";
import { isTerminal, type Milliseconds } from "./execution.js";
import { type JobConfig, MAX_PER_MINUTE, type Scheduling } from "./job-config.js";
import { isOpen, nextWindows } from "./maintenance-windows.js";

/**
 * A job as the operator sees it: a pure function, like the model of a thing's queue. It knows how many things are in
 * which status, and not which: a change costs the same for ten things and ten thousand.
 *
 * Source: shared/spec/aws-iot-jobs.md, section 5.
 */

export type JobStatus = "SCHEDULED" | "IN_PROGRESS" | "COMPLETED" | "CANCELED" | "DELETION_IN_PROGRESS";

export interface JobOptions extends JobConfig {
	readonly jobId: string;
	/** ARNs of things and groups. */
	readonly targets: readonly string[];
	/** SNAPSHOT: the things that are targets now. CONTINUOUS: those as well that become targets later. */
	readonly targetSelection: "SNAPSHOT" | "CONTINUOUS";
	/** As devices get it, but for presigned URLs. */
	readonly document: JobDocument;
	/** As the operator wrote it: the text with its parameters. */
	readonly documentText?: string | undefined;
	readonly documentSource?: string | undefined;
	readonly documentParameters?: Readonly<Record<string, string>> | undefined;
	readonly jobTemplateArn?: string | undefined;
	readonly description?: string | undefined;
	readonly scheduling?: Scheduling | undefined;
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
	/** Names of things, in the order of the rollout; the first `rolledOut` of them have had their executions. */
	readonly members: readonly string[];
	readonly rolledOut: number;
	/** The minute that the rollout is in. */
	readonly minute: RolloutMinute | undefined;
	/** The end time has come: nothing more is rolled out. */
	readonly isStopped: boolean;
}

interface RolloutMinute {
	readonly start: Milliseconds;
	/** Things that have had their turn in it, of so many that may. */
	readonly count: number;
	readonly rate: number;
}

/** What became of a thing's execution: `before` is absent when it is new, `after` when it was deleted. */
export interface Transition {
	readonly before?: JobExecutionStatus | undefined;
	readonly after?: JobExecutionStatus | undefined;
}

/** What an operator may change of a job that is there: it counts for executions that are queued from then on. */
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
	/** More targets, and the things that are theirs. */
	| { readonly type: "associate"; readonly targets: readonly string[]; readonly comment?: string | undefined }
	/** These things are targets from now on. */
	| { readonly type: "join"; readonly things: readonly string[] }
	/** Time has passed. */
	| { readonly type: "tick" };

/** The last part of `$aws/events/job/<jobId>/...`. */
export type JobEvent = "completed" | "canceled" | "deleted" | "cancellation_in_progress" | "deletion_in_progress";

export interface JobResult {
	readonly job: Job;
	/** In the order in which they are told. The last of a cancellation or deletion follows when its executions are done. */
	readonly events: readonly JobEvent[];
	readonly rejected?: {
		readonly code: "InvalidRequest" | "InvalidStateTransition" | "LimitExceeded";
		readonly message: string;
	};
	/** The things whose executions are queued now. */
	readonly queue?: readonly string[];
	/** The job's executions are cancelled: what is QUEUED, and by force what runs. */
	readonly cancel?: { readonly force: boolean };
}

const MINUTE_MS = 60_000;
const MAX_TARGETS = 100;

export function createJob(options: JobOptions, members: readonly string[], now: Milliseconds): Job {
	const { startTime = now } = options.scheduling ?? {};
	return {
		...options,
		status: startTime > now ? "SCHEDULED" : "IN_PROGRESS",
		createdAt: now,
		lastUpdatedAt: now,
		completedAt: undefined,
		comment: undefined,
		reasonCode: undefined,
		forceCanceled: false,
		counts: {},
		members,
		rolledOut: 0,
		minute: undefined,
		isStopped: false,
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
		case "associate":
			return associate(job, command, now);
		case "join":
			return { job: { ...job, members: [...job.members, ...command.things] }, events: [] };
		case "tick":
			return tick(job, now);
	}
}

/** When something is due of itself; undefined when nothing is. */
export function nextJobDeadline(job: Job, now: Milliseconds): Milliseconds | undefined {
	const { startTime, endTime } = job.scheduling ?? {};
	if (job.status === "SCHEDULED") return startTime;
	if (job.status !== "IN_PROGRESS") return undefined;
	const rollout = nextRollout(job, now);
	const end = job.isStopped ? undefined : endTime;
	if (rollout === undefined || end === undefined) return rollout ?? end;
	return Math.min(rollout, end);
}

/** Things that a minute may have, as far as the rollout has come. */
export function currentRate({ jobExecutionsRolloutConfig, rolledOut, counts }: Job): number {
	const { maximumPerMinute = MAX_PER_MINUTE, exponentialRate } = jobExecutionsRolloutConfig ?? {};
	if (exponentialRate === undefined) return maximumPerMinute;
	const { baseRatePerMinute, incrementFactor, rateIncreaseCriteria } = exponentialRate;
	const { numberOfNotifiedThings, numberOfSucceededThings = 1 } = rateIncreaseCriteria;
	const steps =
		numberOfNotifiedThings === undefined
			? (counts.SUCCEEDED ?? 0) / numberOfSucceededThings
			: rolledOut / numberOfNotifiedThings;
	return Math.min(maximumPerMinute, Math.floor(baseRatePerMinute * incrementFactor ** Math.floor(steps)));
}

/** Whether there are things that have not had their executions, and will. */
export function isRollingOut({ status, isStopped, rolledOut, members }: Job): boolean {
	return (status === "IN_PROGRESS" || status === "SCHEDULED") && !isStopped && rolledOut < members.length;
}

function nextRollout(job: Job, now: Milliseconds): Milliseconds | undefined {
	if (!isRollingOut(job)) return undefined;
	const windows = job.scheduling?.maintenanceWindows ?? [];
	if (!isOpen(windows, now)) return nextWindows(windows, now)[0];
	const { minute } = job;
	if (minute === undefined || now >= minute.start + MINUTE_MS || minute.count < minute.rate) return now;
	return minute.start + MINUTE_MS;
}

function tick(before: Job, now: Milliseconds): JobResult {
	const { startTime = now, endTime, endBehavior = "STOP_ROLLOUT" } = before.scheduling ?? {};
	let job = before;
	if (job.status === "SCHEDULED" && startTime <= now) job = { ...job, status: "IN_PROGRESS", lastUpdatedAt: now };
	if (job.status !== "IN_PROGRESS") return { job, events: [] };
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
	const { job: rolled, queue } = rollOut(job, now);
	return queue.length > 0 ? { job: rolled, queue, events: [] } : completed(rolled, now);
}

function rollOut(job: Job, now: Milliseconds): { job: Job; queue: readonly string[] } {
	const due = nextRollout(job, now);
	if (due === undefined || due > now) return { job, queue: [] };
	const { members, rolledOut } = job;
	const isOn = job.minute !== undefined && now < job.minute.start + MINUTE_MS;
	const minute = isOn ? (job.minute as RolloutMinute) : { start: now, count: 0, rate: currentRate(job) };
	const queue = members.slice(rolledOut, rolledOut + minute.rate - minute.count);
	return {
		job: { ...job, rolledOut: rolledOut + queue.length, minute: { ...minute, count: minute.count + queue.length } },
		queue,
	};
}

/** A SNAPSHOT job is complete when every execution has ended; a CONTINUOUS one only after its end time. */
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
	// What has failed may be the end of all; what was only queued may not.
	if (after !== undefined && isTerminal(after) && isAborted(counted)) {
		return cancel(counted, { type: "cancel", force: false, comment: "The abort criteria are met" }, now);
	}
	return completed(counted, now);
}

/** Whether so many things have ended, and so large a share of them badly, that the job is given up. */
function isAborted({ status, abortConfig, counts }: Job): boolean {
	if (status !== "IN_PROGRESS" || abortConfig === undefined) return false;
	const of = (name: JobExecutionStatus) => counts[name] ?? 0;
	const executed = of("SUCCEEDED") + of("FAILED") + of("REJECTED") + of("TIMED_OUT");
	return abortConfig.criteriaList.some(({ failureType, thresholdPercentage, minNumberOfExecutedThings }) => {
		const failed = failureType === "ALL" ? of("FAILED") + of("REJECTED") + of("TIMED_OUT") : of(failureType);
		return executed >= minNumberOfExecutedThings && failed * 100 >= thresholdPercentage * executed;
	});
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
	return { job: canceled, events: ["cancellation_in_progress", "canceled"], cancel: { force } };
}

function update(job: Job, change: JobUpdate, now: Milliseconds): JobResult {
	if (job.status !== "IN_PROGRESS" && job.status !== "SCHEDULED") {
		const message = `Job ${job.jobId} is ${job.status}: it cannot be updated`;
		return { job, events: [], rejected: { code: "InvalidRequest", message } };
	}
	const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
	// Another rate counts at once.
	const minute = change.jobExecutionsRolloutConfig === undefined ? job.minute : undefined;
	return { job: { ...job, ...given, minute, lastUpdatedAt: now }, events: [] };
}

function associate(job: Job, { targets, comment }: JobCommand & { type: "associate" }, now: Milliseconds): JobResult {
	const refuse = (code: "InvalidRequest" | "LimitExceeded", message: string): JobResult => ({
		job,
		events: [],
		rejected: { code, message },
	});
	if (job.targetSelection !== "CONTINUOUS") return refuse("InvalidRequest", `Job ${job.jobId} is no CONTINUOUS job`);
	if (job.status !== "IN_PROGRESS") return refuse("InvalidRequest", `Job ${job.jobId} is ${job.status}`);
	const all = [...new Set([...job.targets, ...targets])];
	if (all.length > MAX_TARGETS) return refuse("LimitExceeded", `A job has at most ${MAX_TARGETS} targets`);
	return { job: { ...job, targets: all, comment: comment ?? job.comment, lastUpdatedAt: now }, events: [] };
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
