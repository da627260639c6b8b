import type {
	ErrorCode,
	JobDocument,
	JobExecution,
	JobExecutionState,
	JobExecutionStatus,
	JobExecutionSummary,
	StatusDetails,
	UpdateJobExecutionRequest,
} from "../../src/agent/messages.js";

/**
 * The Jobs service as one thing sees it: a pure function from a state and a command to a new state, an answer and
 * notifications. Nothing here knows MQTT, HTTP or a clock. A command costs what the thing's own queue costs, however many
 * things there are.
 *
 * Sources: shared/spec/aws-iot-jobs.md, sections 1 and 2, whose wording the comments follow.
 */

/** Milliseconds since the epoch; what goes out is whole seconds. */
export type Milliseconds = number;

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
}

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
	| { readonly type: "cancel"; readonly jobId: string; readonly force: boolean }
	| { readonly type: "delete"; readonly jobId: string; readonly executionNumber: number }
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
	readonly notices: Notices;
}

const MINUTE_MS = 60_000;
/** A step timer is cleared with this. */
const CLEAR = -1;
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
			return cancel(state, command.jobId, command.force, now);
		case "delete":
			return remove(state, command.jobId, command.executionNumber);
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

/** An execution as the data plane shows it. A member without a value is absent. */
export function show(state: ThingJobs, execution: Execution, now: Milliseconds, withDocument: boolean): JobExecution {
	const deadline = deadlineOf(execution);
	return {
		jobId: execution.jobId,
		thingName: state.thingName,
		status: execution.status,
		...details(execution),
		queuedAt: seconds(execution.queuedAt),
		...(execution.startedAt !== undefined && { startedAt: seconds(execution.startedAt) }),
		lastUpdatedAt: seconds(execution.lastUpdatedAt),
		...(deadline !== undefined && {
			approximateSecondsBeforeTimedOut: Math.max(0, Math.ceil((deadline - now) / 1_000)),
		}),
		versionNumber: execution.versionNumber,
		executionNumber: execution.executionNumber,
		...(withDocument && { jobDocument: execution.document }),
	};
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

export function isTerminal(status: JobExecutionStatus): boolean {
	return status !== "QUEUED" && status !== "IN_PROGRESS";
}

export function seconds(time: Milliseconds): number {
	return Math.floor(time / 1_000);
}

function queue(state: ThingJobs, command: Command & { type: "queue" }, now: Milliseconds): Outcome {
	const { jobId, document, inProgressTimeoutInMinutes } = command;
	const execution: Execution = {
		jobId,
		executionNumber: (find(state, jobId)?.executionNumber ?? 0) + 1,
		versionNumber: 1,
		status: "QUEUED",
		statusDetails: undefined,
		document,
		queuedAt: now,
		startedAt: undefined,
		lastUpdatedAt: now,
		inProgressTimeoutInMinutes,
		inProgressDeadline: undefined,
		stepDeadline: undefined,
	};
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
	return { state: replace(state, next, started), accepted: { execution: show(state, started, now, true) } };
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
	return { state, accepted: { execution: show(state, execution, now, includeJobDocument) } };
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
		state: replace(state, execution, updated),
		accepted: {
			...(request.includeJobExecutionState && { executionState: stateOf(updated) }),
			...(request.includeJobDocument && { jobDocument: updated.document }),
		},
	};
}

/** What is refused first when both are wrong is not known; a device has more use for the state that is final. *(open)* */
function refusal(execution: Execution, request: UpdateJobExecutionRequest): Rejection | undefined {
	if (isTerminal(execution.status)) {
		return {
			code: "InvalidStateTransition",
			message: `Update from ${execution.status} to ${request.status} is not allowed`,
			executionState: stateOf(execution),
		};
	}
	const { expectedVersion } = request;
	if (expectedVersion === undefined || expectedVersion === execution.versionNumber) return undefined;
	return {
		code: "VersionMismatch",
		message: `Expected version ${expectedVersion} but found version ${execution.versionNumber}`,
		executionState: stateOf(execution),
	};
}

/** Without force an execution that is IN_PROGRESS is left alone. */
function cancel(state: ThingJobs, jobId: string, force: boolean, now: Milliseconds): Outcome {
	const execution = state.pending.find((pending) => pending.jobId === jobId);
	if (execution === undefined || (execution.status === "IN_PROGRESS" && !force)) return { state };
	return { state: replace(state, execution, change(execution, "CANCELED", now)) };
}

/** A deleted execution is gone: it is not found any more. */
function remove(state: ThingJobs, jobId: string, executionNumber: number): Outcome {
	const execution = find(state, jobId, executionNumber);
	if (execution === undefined) return { state };
	const pending = state.pending.filter((other) => other !== execution);
	return { state: { ...state, pending, ended: without(state.ended, execution) } };
}

function timeOut(state: ThingJobs, now: Milliseconds): ThingJobs {
	let result = state;
	for (const execution of state.pending) {
		const deadline = deadlineOf(execution);
		if (deadline !== undefined && deadline <= now) {
			result = replace(result, execution, change(execution, "TIMED_OUT", now));
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

function isSame(a: Execution | undefined, b: Execution | undefined): boolean {
	return a?.jobId === b?.jobId && a?.executionNumber === b?.executionNumber;
}

/** Every change of an execution adds one to its version. */
function change(execution: Execution, status: JobExecutionStatus, now: Milliseconds): Execution {
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

function replace(state: ThingJobs, execution: Execution, by: Execution): ThingJobs {
	if (!isTerminal(by.status)) {
		return { ...state, pending: state.pending.map((other) => (other === execution ? by : other)) };
	}
	const pending = state.pending.filter((other) => other !== execution);
	return { ...state, pending, ended: { execution: by, next: state.ended } };
}

function without(ended: Ended | undefined, execution: Execution): Ended | undefined {
	const kept: Execution[] = [];
	for (let node = ended; node !== undefined; node = node.next) {
		if (node.execution !== execution) kept.push(node.execution);
	}
	return kept.reduceRight<Ended | undefined>((next, kept) => ({ execution: kept, next }), undefined);
}

/** A step timer cannot outlast the in-progress timer; one that is not mentioned runs on. */
function stepDeadlineAfter(
	execution: Execution,
	minutes: number | undefined,
	now: Milliseconds,
): Milliseconds | undefined {
	if (minutes === undefined) return execution.stepDeadline;
	return minutes === CLEAR ? undefined : now + minutes * MINUTE_MS;
}

/** Whichever timer runs out first. */
function deadlineOf({ inProgressDeadline, stepDeadline }: Execution): Milliseconds | undefined {
	if (inProgressDeadline === undefined) return stepDeadline;
	return stepDeadline === undefined ? inProgressDeadline : Math.min(inProgressDeadline, stepDeadline);
}

function pendingWith(state: ThingJobs, status: JobExecutionStatus): Execution[] {
	return state.pending.filter((execution) => execution.status === status);
}

function summary(execution: Execution): JobExecutionSummary {
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

function stateOf(execution: Execution): JobExecutionState {
	return { status: execution.status, ...details(execution), versionNumber: execution.versionNumber };
}

/** Details without a pair are absent, as any member without a value. */
function details({ statusDetails }: Execution): { statusDetails?: StatusDetails } {
	return statusDetails === undefined || Object.keys(statusDetails).length === 0 ? {} : { statusDetails };
}

function notFound(state: ThingJobs, jobId: string): Rejection {
	return { code: "ResourceNotFound", message: `Job execution ${jobId} of thing ${state.thingName} does not exist` };
}
