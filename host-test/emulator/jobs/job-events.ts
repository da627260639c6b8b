import { randomUUID } from "node:crypto";
import type { JobExecutionStatus } from "../../../src/protocol/messages.js";
import { thingArn } from "../registry/arn.js";
import { type Execution, isTerminal, seconds } from "./execution.js";
import type { Job, JobEvent } from "./job.js";

/**
 * Events for who watches a fleet: ordinary messages under `$aws/events/`. Source: AWS IoT developer guide, "Jobs events"
 * (events-jobs); shared/spec/aws-iot-jobs.md, section 2.
 */
export interface FleetEvent {
	readonly topic: string;
	readonly payload: object;
}

/** What may be enabled, each by itself; all is off at first (UpdateEventConfigurations). */
export const EVENT_TYPES = ["JOB", "JOB_EXECUTION"] as const;
export type EventType = (typeof EVENT_TYPES)[number];

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

/** How many executions are in which status, in the operator's words. */
export function jobProcessDetails({ counts }: Job): Record<string, number> {
	return Object.fromEntries(COUNTS.map(([name, status]) => [name, counts[status] ?? 0]));
}

export function jobEvent(job: Job, operation: JobEvent, timestamp: number): FleetEvent {
	const { jobId, status, targets, targetSelection, description, createdAt, lastUpdatedAt, completedAt, comment } = job;
	return {
		topic: `$aws/events/job/${jobId}/${operation}`,
		payload: {
			eventType: "JOB",
			eventId: randomUUID(),
			timestamp,
			operation,
			jobId,
			status: status === "DELETION_IN_PROGRESS" && operation === "deleted" ? "DELETED" : status,
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

/** @returns undefined for a change that is no event: only the end of an execution is one */
export function executionEvent(
	thingName: string,
	{ jobId, status, statusDetails }: Execution,
	deleted: boolean,
	timestamp: number,
): FleetEvent | undefined {
	if (!deleted && !isTerminal(status)) return undefined;
	const operation = deleted ? "deleted" : status.toLowerCase();
	return {
		topic: `$aws/events/jobExecution/${jobId}/${operation}`,
		payload: {
			eventType: "JOB_EXECUTION",
			eventId: randomUUID(),
			timestamp,
			operation,
			jobId,
			thingArn: thingArn(thingName),
			status: deleted ? "DELETED" : status,
			...(statusDetails !== undefined && { statusDetails }),
		},
	};
}
