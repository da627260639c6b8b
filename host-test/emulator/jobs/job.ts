import type { JobDocument, JobExecutionStatus } from "../../../src/protocol/messages.js";
import type { Milliseconds } from "../base/time.js";
import type { JobConfig, Scheduling } from "./job-config.js";
import { isOpen } from "./maintenance-windows.js";

export const JOB_STATUSES = ["SCHEDULED", "IN_PROGRESS", "COMPLETED", "CANCELED", "DELETION_IN_PROGRESS"] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export const TARGET_SELECTIONS = ["SNAPSHOT", "CONTINUOUS"] as const;

/** What an operator says of a job. */
export interface JobOptions extends JobConfig {
	readonly jobId: string;
	/** ARNs of things and groups. */
	readonly targets: readonly string[];
	/** SNAPSHOT: the things that are targets now. CONTINUOUS: those as well that become targets later. */
	readonly targetSelection: (typeof TARGET_SELECTIONS)[number];
	/** As devices get it, with placeholders where presigned URLs will be. */
	readonly document: JobDocument;
	/** The document's text, as it came: with its numbers and blanks, which are lost on the way through `document`. */
	readonly documentText?: string | undefined;
	/** The text before the values of its parameters were put in, if it had any. */
	readonly originalText?: string | undefined;
	readonly documentSource?: string | undefined;
	readonly documentParameters?: Readonly<Record<string, string>> | undefined;
	readonly jobTemplateArn?: string | undefined;
	readonly description?: string | undefined;
	readonly scheduling?: Scheduling | undefined;
}

/**
 * A job as the operator sees it. Immutable: `job-commands.ts` makes a new one for each command. It counts things by status
 * and does not know which thing has which: a change costs the same for ten things and ten thousand.
 */
export interface Job extends JobOptions {
	readonly status: JobStatus;
	readonly createdAt: Milliseconds;
	readonly lastUpdatedAt: Milliseconds;
	readonly completedAt: Milliseconds | undefined;
	readonly comment: string | undefined;
	readonly reasonCode: string | undefined;
	readonly forceCanceled: boolean;
	/** Executions by status, each attempt for itself; one that a thing had still to do when it was deleted is REMOVED. */
	readonly counts: Counts;
	/** Those of `counts` whose things were deleted: nobody else knows of them any more. */
	readonly gone: Counts;
	/** Names of things, in the order of the rollout; the first `rolledOut` of them have had their executions. */
	readonly members: readonly string[];
	readonly rolledOut: number;
	/** The minute that the rollout is in, once it has begun. */
	readonly minute: RolloutMinute | undefined;
	/** The end time has come: nothing more is rolled out. */
	readonly isStopped: boolean;
}

export type Counts = Readonly<Partial<Record<JobExecutionStatus, number>>>;

export function addCounts(counts: Counts, statuses: readonly JobExecutionStatus[]): Counts {
	const sum = { ...counts };
	for (const status of statuses) sum[status] = (sum[status] ?? 0) + 1;
	return sum;
}

export interface RolloutMinute {
	readonly start: Milliseconds;
	/** Things that have had their executions in this minute. */
	readonly count: number;
	/** Things that may have them. */
	readonly rate: number;
}

/** @param members names of the things that its targets mean now */
export function createJob(options: JobOptions, members: readonly string[], now: Milliseconds): Job {
	const { startTime = now, maintenanceWindows = [] } = options.scheduling ?? {};
	return {
		...options,
		status: startTime > now || !isOpen(maintenanceWindows, now) ? "SCHEDULED" : "IN_PROGRESS",
		createdAt: now,
		lastUpdatedAt: now,
		completedAt: undefined,
		comment: undefined,
		reasonCode: undefined,
		forceCanceled: false,
		counts: {},
		gone: {},
		members,
		rolledOut: 0,
		minute: undefined,
		isStopped: false,
	};
}

/** Whether some things have still to get their executions, and may get them now. */
export function isRollingOut({ status, isStopped, rolledOut, members }: Job): boolean {
	return status === "IN_PROGRESS" && !isStopped && rolledOut < members.length;
}

/** The things that have had their turn, each once. */
export function rolledOutOf({ members, rolledOut }: Job): string[] {
	return [...new Set(members.slice(0, rolledOut))];
}

/** Whether nothing of the job is left to do. A CONTINUOUS job waits for things to come, until it is cancelled. */
export function jobEnded({ status, counts }: Job): boolean {
	if (status === "COMPLETED") return true;
	return status === "CANCELED" && (counts.QUEUED ?? 0) + (counts.IN_PROGRESS ?? 0) === 0;
}
