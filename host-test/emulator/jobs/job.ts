import type { JobDocument, JobExecutionStatus } from "../../../src/protocol/messages.js";
import type { Milliseconds } from "../base/time.js";
import type { JobConfig, Scheduling } from "./job-config.js";

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
	/** The text before the values of its parameters were put in. */
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
	/** Things by the status of their latest execution. */
	readonly counts: Readonly<Partial<Record<JobExecutionStatus, number>>>;
	/** Names of things, in the order of the rollout; the first `rolledOut` of them have had their executions. */
	readonly members: readonly string[];
	readonly rolledOut: number;
	/** The minute that the rollout is in, once it has begun. */
	readonly minute: RolloutMinute | undefined;
	/** The end time has come: nothing more is rolled out. */
	readonly isStopped: boolean;
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

/** Whether some things have still to get their executions. */
export function isRollingOut({ status, isStopped, rolledOut, members }: Job): boolean {
	return (status === "IN_PROGRESS" || status === "SCHEDULED") && !isStopped && rolledOut < members.length;
}
