import type {
	ErrorCode,
	JobDocument,
	JobExecutionState,
	JobExecutionStatus,
	JobExecutionSummary,
	StatusDetails,
	UpdateJobExecutionRequest,
} from "../../../src/protocol/messages.js";
import {
	change,
	deadlineOf,
	type Execution,
	isTerminal,
	type Milliseconds,
	queued,
	type Retries,
	retryOf,
	show,
	stateOf,
	stepDeadlineAfter,
	summary,
} from "./execution.js";

/**
 * The Jobs service as one thing sees it: a pure function from a state and a command to a new state, an answer and
 * notifications. Nothing here knows MQTT, HTTP or a clock. A command costs what the thing's own queue costs, however many
 * things there are.
 *
 * Sources: shared/spec/aws-iot-jobs.md, sections 1 and 2, whose wording the comments follow.
 */

/** Executions that have ended, the latest first: adding one is cheap, and they are asked for rarely. */
export interface Ended {
	readonly execution: Execution;
	readonly next: Ended | undefined;
}

export interface ThingJobs {
	readonly thingName: string;
	/** QUEUED and IN_PROGRESS, in the order in which they were queued. */
	readonly pending: readonly Execution[];
	readonly ended: Ended | undefined;
}

export type Command =
	| {
			readonly type: "queue";
			readonly jobId: string;
			readonly document: JobDocument;
			readonly inProgressTimeoutInMinutes?: number | undefined;
			readonly retries?: Retries | undefined;
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
	/** By the operator. Without force only what is QUEUED. */
	| {
			readonly type: "cancel";
			readonly jobId: string;
			readonly force: boolean;
			readonly expectedVersion?: number | undefined;
			readonly statusDetails?: StatusDetails | undefined;
	  }
	/** Without force only what has ended. */
	| { readonly type: "delete"; readonly jobId: string; readonly executionNumber: number; readonly force: boolean }
	/** The thing has left the job's targets. */
	| { readonly type: "remove"; readonly jobId: string }
	/** The job was cancelled: what runs may end, and is not tried again. */
	| { readonly type: "stopRetries"; readonly jobId: string }
	/** Time has passed: timers may have run out. */
	| { readonly type: "tick" };

export interface Rejection {
	readonly code: ErrorCode;
	readonly message: string;
	readonly executionState?: JobExecutionState;
}

/** What is published to everybody who may hear it. */
export interface Notices {
	/** The list of pending executions changed. */
	readonly notify: boolean;
	/** Another execution is next, or none. */
	readonly notifyNext: boolean;
}

export interface Result {
	readonly state: ThingJobs;
	/** The answer without token and timestamp. */
	readonly accepted?: Readonly<Record<string, unknown>>;
	readonly rejected?: Rejection;
	/** What the delete command took away: it is found in no list any more. */
	readonly deleted?: Execution;
	readonly notices: Notices;
}

/** JobExecutionsChanged lists at most this many. */
const MAX_LISTED = 10;

export function emptyThing(thingName: string): ThingJobs {
	return { thingName, pending: [], ended: undefined };
}

export function apply(state: ThingJobs, command: Command, now: Milliseconds): Result {
	const result = handle(state, command, now);
	return { ...result, notices: compare(state, result.state) };
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
			return forget(state, command);
		case "remove":
			return remove(state, command.jobId, now);
		case "stopRetries":
			return { state: stopRetries(state, command.jobId) };
		case "tick":
			return { state: timeOut(state, now) };
	}
}

/** IN_PROGRESS before QUEUED, then oldest first. */
export function nextOf(state: ThingJobs): Execution | undefined {
	return state.pending.find(({ status }) => status === "IN_PROGRESS") ?? state.pending[0];
}

/** When the next timer of the thing runs out. */
export function nextDeadline(state: ThingJobs): Milliseconds | undefined {
	let next: Milliseconds | undefined;
	for (const execution of state.pending) {
		const deadline = deadlineOf(execution);
		if (deadline !== undefined && (next === undefined || deadline < next)) next = deadline;
	}
	return next;
}

/** The payload of `notify`, without the timestamp: IN_PROGRESS first, an empty list is absent. */
export function changedJobs(state: ThingJobs): Record<string, JobExecutionSummary[]> {
	const listed = [...pendingWith(state, "IN_PROGRESS"), ...pendingWith(state, "QUEUED")].slice(0, MAX_LISTED);
	const jobs: Record<string, JobExecutionSummary[]> = {};
	for (const status of ["IN_PROGRESS", "QUEUED"] as const) {
		const executions = listed.filter((execution) => execution.status === status);
		if (executions.length > 0) jobs[status] = executions.map(summary);
	}
	return jobs;
}

/** Every execution that the service has of the thing: first what is pending, then what has ended, the latest first. */
export function all({ pending, ended }: ThingJobs): Execution[] {
	const executions = [...pending];
	for (let node = ended; node !== undefined; node = node.next) executions.push(node.execution);
	return executions;
}

/** @param executionNumber the latest without it */
export function find(state: ThingJobs, jobId: string, executionNumber?: number): Execution | undefined {
	const wanted = (execution: Execution) =>
		execution.jobId === jobId && (executionNumber === undefined || execution.executionNumber === executionNumber);
	const pending = state.pending.findLast(wanted);
	if (pending !== undefined) return pending;
	for (let node = state.ended; node !== undefined; node = node.next) {
		if (wanted(node.execution)) return node.execution;
	}
	return undefined;
}

function queue(state: ThingJobs, command: Command & { type: "queue" }, now: Milliseconds): Outcome {
	const { jobId, document, inProgressTimeoutInMinutes, retries = {} } = command;
	const executionNumber = (find(state, jobId)?.executionNumber ?? 0) + 1;
	const execution = queued({ jobId, executionNumber, document, inProgressTimeoutInMinutes, retries }, now);
	return { state: { ...state, pending: [...state.pending, execution] } };
}

function getPending(state: ThingJobs) {
	return {
		inProgressJobs: pendingWith(state, "IN_PROGRESS").map(summary),
		queuedJobs: pendingWith(state, "QUEUED").map(summary),
	};
}

function startNext(state: ThingJobs, command: Command & { type: "startNext" }, now: Milliseconds): Outcome {
	const next = nextOf(state);
	if (next === undefined) return { state, accepted: {} };
	const stepDeadline = stepDeadlineAfter(next, command.stepTimeoutInMinutes, now);
	// One that is IN_PROGRESS already is handed out as it is; a step timer that is given is set all the same.
	const started =
		next.status === "IN_PROGRESS"
			? { ...next, stepDeadline }
			: { ...change(next, "IN_PROGRESS", now), statusDetails: command.statusDetails, stepDeadline };
	return {
		state: replace(state, next, started, now),
		accepted: { execution: show(state.thingName, started, now, true) },
	};
}

function describe(state: ThingJobs, command: Command & { type: "describe" }, now: Milliseconds): Outcome {
	const { jobId, executionNumber, includeJobDocument = true } = command;
	const execution = jobId === "$next" ? nextOf(state) : find(state, jobId, executionNumber);
	if (execution === undefined) {
		return jobId === "$next" ? { state, accepted: {} } : { state, rejected: notFound(state, jobId) };
	}
	if (isTerminal(execution.status)) {
		const message = `Execution ${execution.executionNumber} of job ${jobId} is ${execution.status}`;
		return { state, rejected: { code: "TerminalStateReached", message } };
	}
	return { state, accepted: { execution: show(state.thingName, execution, now, includeJobDocument) } };
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

/** What is refused first when both are wrong is not known; a device has more use for the state that is final. *(open)* */
function refusal(execution: Execution, request: UpdateJobExecutionRequest): Rejection | undefined {
	if (isTerminal(execution.status)) return refuseTransition(execution, request.status);
	const { expectedVersion } = request;
	if (expectedVersion === undefined || expectedVersion === execution.versionNumber) return undefined;
	return versionMismatch(execution, expectedVersion);
}

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
	const canceled = change(execution, "CANCELED", now);
	return {
		state: replace(state, execution, { ...canceled, statusDetails: statusDetails ?? canceled.statusDetails }, now),
	};
}

/** A deleted execution is gone: it is not found any more. */
function forget(state: ThingJobs, { jobId, executionNumber, force }: Command & { type: "delete" }): Outcome {
	const execution = find(state, jobId, executionNumber);
	if (execution === undefined) return { state, rejected: notFound(state, jobId) };
	if (!isTerminal(execution.status) && !force) {
		const message = `Execution ${executionNumber} of job ${jobId} is ${execution.status}: it can only be deleted by force`;
		return { state, rejected: { code: "InvalidStateTransition", message, executionState: stateOf(execution) } };
	}
	const pending = state.pending.filter((other) => other !== execution);
	return { state: { ...state, pending, ended: without(state.ended, execution) }, deleted: execution };
}

function remove(state: ThingJobs, jobId: string, now: Milliseconds): Outcome {
	const execution = state.pending.find((pending) => pending.jobId === jobId);
	if (execution === undefined) return { state };
	return { state: replace(state, execution, change(execution, "REMOVED", now), now) };
}

/** No change of the execution that anybody could see: the version stays. */
function stopRetries(state: ThingJobs, jobId: string): ThingJobs {
	const execution = state.pending.find((pending) => pending.jobId === jobId);
	if (execution === undefined) return state;
	const last = { ...execution, retriesLeft: {} };
	return { ...state, pending: state.pending.map((other) => (other === execution ? last : other)) };
}

function timeOut(state: ThingJobs, now: Milliseconds): ThingJobs {
	let result = state;
	for (const execution of state.pending) {
		const deadline = deadlineOf(execution);
		if (deadline !== undefined && deadline <= now) {
			result = replace(result, execution, change(execution, "TIMED_OUT", now), now);
		}
	}
	return result;
}

function compare(before: ThingJobs, after: ThingJobs): Notices {
	if (before === after) return { notify: false, notifyNext: false };
	const notify =
		before.pending.length !== after.pending.length ||
		before.pending.some((execution, i) => !isSame(execution, after.pending[i]));
	return { notify, notifyNext: !isSame(nextOf(before), nextOf(after)) };
}

type Identity = Pick<Execution, "jobId" | "executionNumber">;

/** An execution is the pair of job id and number. */
export function isSame(a: Identity | undefined, b: Identity | undefined): boolean {
	return a?.jobId === b?.jobId && a?.executionNumber === b?.executionNumber;
}

/** An execution that ends leaves the queue; one that is tried again comes back at its end. */
function replace(state: ThingJobs, execution: Execution, by: Execution, now: Milliseconds): ThingJobs {
	if (!isTerminal(by.status)) {
		return { ...state, pending: state.pending.map((other) => (other === execution ? by : other)) };
	}
	const retry = retryOf(by, now);
	const pending = state.pending.filter((other) => other !== execution);
	return {
		...state,
		pending: retry === undefined ? pending : [...pending, retry],
		ended: { execution: by, next: state.ended },
	};
}

function without(ended: Ended | undefined, execution: Execution): Ended | undefined {
	const kept: Execution[] = [];
	for (let node = ended; node !== undefined; node = node.next) {
		if (node.execution !== execution) kept.push(node.execution);
	}
	return chain(kept);
}

/** @param executions the latest first */
export function chain(executions: readonly Execution[]): Ended | undefined {
	return executions.reduceRight<Ended | undefined>((next, execution) => ({ execution, next }), undefined);
}

function pendingWith(state: ThingJobs, status: JobExecutionStatus): Execution[] {
	return state.pending.filter((execution) => execution.status === status);
}

function notFound(state: ThingJobs, jobId: string): Rejection {
	return { code: "ResourceNotFound", message: `Job execution ${jobId} of thing ${state.thingName} does not exist` };
}
