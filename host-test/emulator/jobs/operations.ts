import type {
	DeviceStatus,
	ErrorCode,
	JobDocument,
	JobExecutionState,
	JobExecutionStatus,
	StatusDetails,
	UpdateJobExecutionRequest,
} from "../../../src/protocol/messages.js";
import type { Milliseconds } from "../base/time.js";
import {
	change,
	type Execution,
	isTerminal,
	queued,
	type Retries,
	show,
	stateOf,
	stepDeadlineAfter,
	summary,
} from "./execution.js";
import { find, isSame, listed, nextOf, offered, replace, type ThingJobs, timeOut, without } from "./thing-jobs.js";

/**
 * What can be done with the executions of one thing: a pure function from a state, a command and a time to a new state, an
 * answer, and whether devices are notified. Nothing here knows MQTT, HTTP or a clock.
 *
 * Sources: AWS IoT developer guide, "Jobs device MQTT API operations" and "Jobs notifications"; AWS IoT Jobs Data API
 * reference. Where they leave a question open, the comment at the line says so.
 */
export function apply(state: ThingJobs, command: Command, now: Milliseconds): Result {
	const result = handle(state, command, now);
	return { ...result, notices: compare(state, result.state) };
}

export type Command =
	| {
			readonly type: "queue";
			readonly jobId: string;
			readonly document: JobDocument;
			readonly inProgressTimeoutInMinutes?: number | undefined;
			readonly retries?: Retries | undefined;
			readonly isScheduled?: boolean | undefined;
	  }
	| { readonly type: "getPending" }
	| {
			readonly type: "startNext";
			readonly statusDetails?: StatusDetails | undefined;
			readonly stepTimeoutInMinutes?: number | undefined;
	  }
	| {
			readonly type: "describe";
			/** A job's id, or `$next`. */
			readonly jobId: string;
			readonly executionNumber?: number | undefined;
			readonly includeJobDocument?: boolean | undefined;
	  }
	| { readonly type: "update"; readonly jobId: string; readonly request: UpdateJobExecutionRequest }
	/** By the operator. Without force only what is QUEUED can be cancelled. */
	| {
			readonly type: "cancel";
			readonly jobId: string;
			readonly force: boolean;
			readonly expectedVersion?: number | undefined;
			readonly statusDetails?: StatusDetails | undefined;
	  }
	/** By the operator. Without force only what has ended can be deleted. */
	| { readonly type: "delete"; readonly jobId: string; readonly executionNumber: number; readonly force: boolean }
	/** The thing has left the job's targets: what is QUEUED is removed. By force, as the thing is deleted, what runs as well. */
	| { readonly type: "remove"; readonly jobId: string; readonly force?: boolean | undefined }
	/** Its job's maintenance window has closed, or one has opened. */
	| { readonly type: "hold"; readonly jobId: string; readonly isHeld: boolean }
	/** The job has another timeout: it holds for what has not started, and for what is tried again. */
	| { readonly type: "setTimeout"; readonly jobId: string; readonly inProgressTimeoutInMinutes: number }
	/** The job was cancelled, or is tried no more: an execution that runs may end, and is not tried again. */
	| { readonly type: "stopRetries"; readonly jobId: string }
	/** Time has passed: timers may have run out. */
	| { readonly type: "tick" };

export interface Rejection {
	readonly code: ErrorCode;
	readonly message: string;
	readonly executionState?: JobExecutionState;
}

/** Which of the two notifications are published. */
export interface Notices {
	/** The list of pending executions has changed. */
	readonly notify: boolean;
	/** Another execution is next, or none. */
	readonly notifyNext: boolean;
}

export interface Result {
	readonly state: ThingJobs;
	/** The answer without token and timestamp. */
	readonly accepted?: Readonly<Record<string, unknown>>;
	readonly rejected?: Rejection;
	/** What the command "delete" took away. It is in no list any more. */
	readonly deleted?: Execution;
	readonly notices: Notices;
}

type Outcome = Omit<Result, "notices">;

function handle(state: ThingJobs, command: Command, now: Milliseconds): Outcome {
	switch (command.type) {
		case "queue":
			return queue(state, command, now);
		case "getPending":
			return { state, accepted: getPending(state) };
		case "startNext":
			return startNext(state, command, now);
		case "describe":
			return describe(state, command, now);
		case "update":
			return update(state, command.jobId, command.request, now);
		case "cancel":
			return cancel(state, command, now);
		case "delete":
			return remove(state, command);
		case "remove":
			return leave(state, command, now);
		case "hold":
			return { state: setUnseen(state, command.jobId, { isHeld: command.isHeld }) };
		case "stopRetries":
			return { state: setUnseen(state, command.jobId, { retriesLeft: {} }) };
		case "setTimeout": {
			// The timer of one that has started is its deadline, which is never moved.
			const { jobId, inProgressTimeoutInMinutes } = command;
			return { state: setUnseen(state, jobId, { inProgressTimeoutInMinutes }) };
		}
		case "tick":
			return { state: timeOut(state, now) };
	}
}

function queue(state: ThingJobs, command: Command & { type: "queue" }, now: Milliseconds): Outcome {
	const { jobId, document, inProgressTimeoutInMinutes, retries = {}, isScheduled } = command;
	const executionNumber = (find(state, jobId)?.executionNumber ?? 0) + 1;
	const execution = queued({ jobId, executionNumber, document, inProgressTimeoutInMinutes, retries, isScheduled }, now);
	return { state: { ...state, pending: [...state.pending, execution] } };
}

/** Open point: running ones are pending. */
function getPending(state: ThingJobs) {
	const { IN_PROGRESS, QUEUED } = listed(state);
	return { inProgressJobs: IN_PROGRESS.map(summary), queuedJobs: QUEUED.map(summary) };
}

function startNext(state: ThingJobs, command: Command & { type: "startNext" }, now: Milliseconds): Outcome {
	const next = nextOf(state);
	if (next === undefined) return { state, accepted: {} };
	const stepDeadline = stepDeadlineAfter(next, command.stepTimeoutInMinutes, now);
	// One that is IN_PROGRESS already is handed out as it is. Open point: step timer of a running one.
	const started =
		next.status === "IN_PROGRESS"
			? { ...next, stepDeadline }
			: { ...change(next, "IN_PROGRESS", now), statusDetails: command.statusDetails, stepDeadline };
	return {
		state: replace(state, next, started, now),
		accepted: { execution: show(started, now) },
	};
}

function describe(state: ThingJobs, command: Command & { type: "describe" }, now: Milliseconds): Outcome {
	const { jobId, executionNumber, includeJobDocument = true } = command;
	// Open point: $next with a number.
	const execution = jobId === "$next" ? nextOf(state) : find(state, jobId, executionNumber);
	if (execution === undefined) {
		return jobId === "$next" ? { state, accepted: {} } : { state, rejected: notFound(state, jobId) };
	}
	if (isTerminal(execution.status)) {
		const message = `Execution ${execution.executionNumber} of job ${jobId} is ${execution.status}`;
		return { state, rejected: { code: "TerminalStateReached", message } };
	}
	const { jobDocument, ...rest } = show(execution, now);
	return { state, accepted: { execution: includeJobDocument ? { ...rest, jobDocument } : rest } };
}

function update(state: ThingJobs, jobId: string, request: UpdateJobExecutionRequest, now: Milliseconds): Outcome {
	const execution = find(state, jobId, request.executionNumber);
	if (execution === undefined) return { state, rejected: notFound(state, jobId) };
	const rejected = refusal(execution, request);
	if (rejected !== undefined) return { state, rejected };
	const stepDeadline = stepDeadlineAfter(execution, request.stepTimeoutInMinutes, now);
	const updated: Execution = {
		...change(execution, request.status, now),
		statusDetails: request.statusDetails ?? execution.statusDetails,
		stepDeadline: isTerminal(request.status) ? undefined : stepDeadline,
	};
	return {
		state: replace(state, execution, updated, now),
		accepted: {
			...(request.includeJobExecutionState && { executionState: stateOf(updated) }),
			...(request.includeJobDocument && { jobDocument: updated.document }),
		},
	};
}

const DEVICE_STATUSES: readonly JobExecutionStatus[] = [
	"IN_PROGRESS",
	"SUCCEEDED",
	"FAILED",
	"REJECTED",
] satisfies readonly DeviceStatus[];

/** Open point: status before version. */
function refusal(execution: Execution, request: UpdateJobExecutionRequest): Rejection | undefined {
	if (isTerminal(execution.status) || !DEVICE_STATUSES.includes(request.status)) {
		return refuseTransition(execution, request.status);
	}
	const { expectedVersion } = request;
	if (expectedVersion === undefined || expectedVersion === execution.versionNumber) return undefined;
	return versionMismatch(execution, expectedVersion);
}

/** Open point: update after the end. */
function refuseTransition(execution: Execution, status: JobExecutionStatus): Rejection {
	return {
		code: "InvalidStateTransition",
		message: `Update from ${execution.status} to ${status} is not allowed`,
		executionState: stateOf(execution),
	};
}

function versionMismatch(execution: Execution, expectedVersion: number): Rejection {
	return {
		code: "VersionMismatch",
		message: `Expected version ${expectedVersion} but found version ${execution.versionNumber}`,
		executionState: stateOf(execution),
	};
}

function cancel(state: ThingJobs, command: Command & { type: "cancel" }, now: Milliseconds): Outcome {
	const { jobId, force, expectedVersion, statusDetails } = command;
	const execution = find(state, jobId);
	if (execution === undefined) return { state, rejected: notFound(state, jobId) };
	if (isTerminal(execution.status) || (execution.status === "IN_PROGRESS" && !force)) {
		return { state, rejected: refuseTransition(execution, "CANCELED") };
	}
	if (expectedVersion !== undefined && expectedVersion !== execution.versionNumber) {
		return { state, rejected: versionMismatch(execution, expectedVersion) };
	}
	const canceled: Execution = {
		...change(execution, "CANCELED", now),
		statusDetails: statusDetails ?? execution.statusDetails,
		forceCanceled: force,
	};
	return { state: replace(state, execution, canceled, now) };
}

function remove(state: ThingJobs, { jobId, executionNumber, force }: Command & { type: "delete" }): Outcome {
	const execution = find(state, jobId, executionNumber);
	if (execution === undefined) return { state, rejected: notFound(state, jobId) };
	if (!isTerminal(execution.status) && !force) {
		const message = `Execution ${executionNumber} of job ${jobId} is ${execution.status}: it can only be deleted by force`;
		return { state, rejected: { code: "InvalidStateTransition", message, executionState: stateOf(execution) } };
	}
	return { state: without(state, execution), deleted: execution };
}

/** What runs is finished, and only the thing's deletion takes it away. Open point: retries of who has left. */
function leave(state: ThingJobs, { jobId, force }: Command & { type: "remove" }, now: Milliseconds): Outcome {
	const execution = state.pending.find((pending) => pending.jobId === jobId);
	if (execution === undefined) return { state };
	if (execution.status === "IN_PROGRESS" && !force) return { state: setUnseen(state, jobId, { retriesLeft: {} }) };
	const { versionNumber } = execution;
	return { state: replace(state, execution, { ...change(execution, "REMOVED", now), versionNumber }, now) };
}

/** Nobody can see this change of the execution: its version stays. */
function setUnseen(state: ThingJobs, jobId: string, change: Partial<Execution>): ThingJobs {
	const execution = state.pending.find((pending) => pending.jobId === jobId);
	if (execution === undefined) return state;
	const changed = { ...execution, ...change };
	return { ...state, pending: state.pending.map((other) => (other === execution ? changed : other)) };
}

function notFound(state: ThingJobs, jobId: string): Rejection {
	return { code: "ResourceNotFound", message: `Job execution ${jobId} of thing ${state.thingName} does not exist` };
}

function compare(before: ThingJobs, after: ThingJobs): Notices {
	if (before === after) return { notify: false, notifyNext: false };
	const [was, is] = [offered(before), offered(after)];
	const notify = was.length !== is.length || was.some((execution, i) => !isSame(execution, is[i]));
	return { notify, notifyNext: !isSame(nextOf(before), nextOf(after)) };
}
