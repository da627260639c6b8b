import type { JobExecutionStatus } from "../../../src/protocol/messages.js";
import { thingArn } from "../base/arn.js";
import { seconds } from "../base/time.js";
import { type Execution, isTerminal } from "./execution.js";
import type { Job } from "./job.js";
import type { JobEventName } from "./job-commands.js";

/**
 * A message for whoever watches the jobs of all things, under `$aws/events/`. Source: AWS IoT developer guide, "Jobs
 * events".
 */
export interface JobEvent {
	readonly topic: string;
	readonly payload: object;
}

/** What is in every event. */
export interface Stamp {
	readonly eventId: string;
	/** Seconds since the epoch. */
	readonly timestamp: number;
}

/**
 * Kinds of events, each enabled by itself (UpdateEventConfigurations). All are off at first. Those of jobs and their
 * executions are told; the others are kept and shown. Source: AWS IoT API reference, UpdateEventConfigurations.
 */
export const EVENT_TYPES = [
	...(["THING", "THING_GROUP", "THING_TYPE", "THING_GROUP_MEMBERSHIP", "THING_GROUP_HIERARCHY"] as const),
	...(["THING_TYPE_ASSOCIATION", "JOB", "JOB_EXECUTION", "POLICY", "CERTIFICATE", "CA_CERTIFICATE"] as const),
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export function noEvents(): Record<EventType, boolean> {
	return Object.fromEntries(EVENT_TYPES.map((type) => [type, false])) as Record<EventType, boolean>;
}

const COUNTS: readonly [name: string, status: JobExecutionStatus][] = [
	["numberOfCanceledThings", "CANCELED"],
	["numberOfSucceededThings", "SUCCEEDED"],
	["numberOfFailedThings", "FAILED"],
	["numberOfRejectedThings", "REJECTED"],
	["numberOfQueuedThings", "QUEUED"],
	["numberOfInProgressThings", "IN_PROGRESS"],
	["numberOfRemovedThings", "REMOVED"],
	["numberOfTimedOutThings", "TIMED_OUT"],
];

/** How many things are in which status, under the names that AWS's API has for the numbers. */
export function jobProcessDetails({ counts }: Job): Record<string, number> {
	return Object.fromEntries(COUNTS.map(([name, status]) => [name, counts[status] ?? 0]));
}

/** A job has no such status in the API. */
const STATUS_OF: Readonly<Partial<Record<JobEventName, string>>> = {
	cancellation_in_progress: "CANCELLATION_IN_PROGRESS",
	deleted: "DELETED",
};

/** Open point: seconds in events. */
export function jobEvent(job: Job, operation: JobEventName, stamp: Stamp): JobEvent {
	const { jobId, status, targets, targetSelection, description, createdAt, lastUpdatedAt, completedAt, comment } = job;
	return {
		topic: `$aws/events/job/${jobId}/${operation}`,
		payload: {
			eventType: "JOB",
			...stamp,
			operation,
			jobId,
			status: STATUS_OF[operation] ?? status,
			targetSelection,
			targets,
			...(description !== undefined && { description }),
			createdAt: seconds(createdAt),
			lastUpdatedAt: seconds(lastUpdatedAt),
			...(completedAt !== undefined && { completedAt: seconds(completedAt) }),
			...(comment !== undefined && { comment }),
			...((operation === "completed" || operation === "canceled") && { jobProcessDetails: jobProcessDetails(job) }),
		},
	};
}

/** @returns undefined for a change that is no event: only an execution's end and its deletion are events */
export function executionEvent(
	thingName: string,
	{ jobId, status, statusDetails }: Execution,
	deleted: boolean,
	stamp: Stamp,
): JobEvent | undefined {
	if (!deleted && !isTerminal(status)) return undefined;
	const operation = deleted ? "deleted" : status.toLowerCase();
	return {
		topic: `$aws/events/jobExecution/${jobId}/${operation}`,
		payload: {
			eventType: "JOB_EXECUTION",
			...stamp,
			operation,
			jobId,
			thingArn: thingArn(thingName),
			status: deleted ? "DELETED" : status,
			...(statusDetails !== undefined && { statusDetails }),
		},
	};
}
