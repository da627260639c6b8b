import type {
	JobDocument,
	JobExecution,
	JobExecutionState,
	JobExecutionStatus,
	JobExecutionSummary,
	StatusDetails,
} from "../../../src/protocol/messages.js";
import { MINUTE_MS, type Milliseconds, seconds } from "../base/time.js";

/** How many more times an execution is queued again after it has ended in this way. ALL stands for both. AWS: 0..10. */
export type Retries = Readonly<Partial<Record<"FAILED" | "TIMED_OUT" | "ALL", number>>>;

/** What one thing does of one job: a pure model, with the functions that change an execution and show it. */
export interface Execution {
	readonly jobId: string;
	readonly executionNumber: number;
	readonly versionNumber: number;
	readonly status: JobExecutionStatus;
	readonly statusDetails: StatusDetails | undefined;
	readonly document: JobDocument;
	readonly queuedAt: Milliseconds;
	readonly startedAt: Milliseconds | undefined;
	readonly lastUpdatedAt: Milliseconds;
	readonly inProgressTimeoutInMinutes: number | undefined;
	/** Set when the execution first becomes IN_PROGRESS, and never moved. */
	readonly inProgressDeadline: Milliseconds | undefined;
	readonly stepDeadline: Milliseconds | undefined;
	/** 0 for the first execution, one more with each retry by the service. */
	readonly retryAttempt: number;
	readonly retriesLeft: Retries;
	/** Its job has a scheduling configuration. */
	readonly isScheduled?: boolean | undefined;
	/** No maintenance window of its job is open. It is of no effect on what is IN_PROGRESS. */
	readonly isHeld?: boolean | undefined;
	/** It was cancelled with force, by its own or with its job. */
	readonly forceCanceled?: boolean | undefined;
}

/** The `stepTimeoutInMinutes` that clears the step timer. */
const CLEAR = -1;

/** What an execution is made of when it is queued. */
export interface NewExecution {
	readonly jobId: string;
	readonly executionNumber: number;
	readonly document: JobDocument;
	readonly inProgressTimeoutInMinutes: number | undefined;
	readonly retries: Retries;
	readonly isScheduled?: boolean | undefined;
}

export function queued({ retries, ...execution }: NewExecution, now: Milliseconds): Execution {
	return {
		...execution,
		versionNumber: 1,
		status: "QUEUED",
		statusDetails: undefined,
		queuedAt: now,
		startedAt: undefined,
		lastUpdatedAt: now,
		inProgressDeadline: undefined,
		stepDeadline: undefined,
		retryAttempt: 0,
		retriesLeft: retries,
	};
}

/**
 * The execution that is queued when one has ended in a way that its job wants tried again. REJECTED is never tried again.
 *
 * @returns undefined when there is no retry
 */
export function retryOf(ended: Execution, now: Milliseconds): Execution | undefined {
	const { status, retriesLeft } = ended;
	if (status !== "FAILED" && status !== "TIMED_OUT") return undefined;
	const criterion = retriesLeft[status] ? status : "ALL";
	const left = retriesLeft[criterion] ?? 0;
	if (left === 0) return undefined;
	const { jobId, document, inProgressTimeoutInMinutes, retryAttempt, isScheduled, isHeld } = ended;
	const retries = { ...retriesLeft, [criterion]: left - 1 };
	const executionNumber = ended.executionNumber + 1;
	const next = queued({ jobId, executionNumber, document, inProgressTimeoutInMinutes, retries, isScheduled }, now);
	return { ...next, retryAttempt: retryAttempt + 1, isHeld };
}

/** Every change of an execution adds one to its version. */
export function change(execution: Execution, status: JobExecutionStatus, now: Milliseconds): Execution {
	const starts = status === "IN_PROGRESS" && execution.startedAt === undefined;
	const { inProgressTimeoutInMinutes } = execution;
	return {
		...execution,
		status,
		versionNumber: execution.versionNumber + 1,
		lastUpdatedAt: now,
		...(starts && { startedAt: now }),
		...(starts &&
			inProgressTimeoutInMinutes !== undefined && {
				inProgressDeadline: now + inProgressTimeoutInMinutes * MINUTE_MS,
			}),
	};
}

/** @param minutes a new step timer, or -1 to clear it; without it the step timer runs on */
export function stepDeadlineAfter(
	execution: Execution,
	minutes: number | undefined,
	now: Milliseconds,
): Milliseconds | undefined {
	if (minutes === undefined) return execution.stepDeadline;
	return minutes === CLEAR ? undefined : now + minutes * MINUTE_MS;
}

/** When the first of its two timers runs out: so a step timer cannot outlast the in-progress timer. */
export function deadlineOf({ inProgressDeadline, stepDeadline }: Execution): Milliseconds | undefined {
	if (inProgressDeadline === undefined) return stepDeadline;
	return stepDeadline === undefined ? inProgressDeadline : Math.min(inProgressDeadline, stepDeadline);
}

/** AWS's `approximateSecondsBeforeTimedOut`; undefined when no timer runs, as when the execution has ended. */
export function secondsBeforeTimedOut(execution: Execution, now: Milliseconds): number | undefined {
	const deadline = isTerminal(execution.status) ? undefined : deadlineOf(execution);
	return deadline === undefined ? undefined : Math.max(0, Math.ceil((deadline - now) / 1_000));
}

export function isTerminal(status: JobExecutionStatus): boolean {
	return status !== "QUEUED" && status !== "IN_PROGRESS";
}

/** An execution as MQTT shows it, with its document and without its thing. A member without a value is absent. */
export function show(execution: Execution, now: Milliseconds): JobExecution {
	const secondsLeft = secondsBeforeTimedOut(execution, now);
	return {
		jobId: execution.jobId,
		status: execution.status,
		...details(execution),
		queuedAt: seconds(execution.queuedAt),
		...(execution.startedAt !== undefined && { startedAt: seconds(execution.startedAt) }),
		lastUpdatedAt: seconds(execution.lastUpdatedAt),
		...(secondsLeft !== undefined && { approximateSecondsBeforeTimedOut: secondsLeft }),
		versionNumber: execution.versionNumber,
		executionNumber: execution.executionNumber,
		jobDocument: execution.document,
	};
}

export function summary(execution: Execution): JobExecutionSummary {
	const { jobId, queuedAt, startedAt, lastUpdatedAt, versionNumber, executionNumber } = execution;
	return {
		jobId,
		queuedAt: seconds(queuedAt),
		...(startedAt !== undefined && { startedAt: seconds(startedAt) }),
		lastUpdatedAt: seconds(lastUpdatedAt),
		versionNumber,
		executionNumber,
	};
}

export function stateOf(execution: Execution): JobExecutionState {
	return { status: execution.status, ...details(execution), versionNumber: execution.versionNumber };
}

/** Status details without a pair are absent, like any member without a value. */
function details({ statusDetails }: Execution): { statusDetails?: StatusDetails } {
	return statusDetails === undefined || Object.keys(statusDetails).length === 0 ? {} : { statusDetails };
}
