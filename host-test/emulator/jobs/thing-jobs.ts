import type { JobExecutionSummary } from "../../../src/protocol/messages.js";
import type { Milliseconds } from "../base/time.js";
import { change, deadlineOf, type Execution, isTerminal, retryOf, summary } from "./execution.js";

/**
 * The executions of one thing: what it has still to do, and what it has done. Immutable: `operations.ts` makes a new state
 * for each command, with the functions here. A command costs what the thing's own queue costs, however many things there
 * are.
 */
export interface ThingJobs {
	readonly thingName: string;
	/** QUEUED and IN_PROGRESS, in the order in which they were queued. */
	readonly pending: readonly Execution[];
	readonly ended: Ended | undefined;
}

/** Executions that have ended, the latest first. A list of links, since it is added to often and read rarely. */
export interface Ended {
	readonly execution: Execution;
	readonly next: Ended | undefined;
}

/**
 * Executions in JobExecutionsChanged and in the answer to GetPendingJobExecutions, at most; the second holds where a job has
 * a scheduling configuration. Open point: fifteen in a list.
 *
 * Source: AWS IoT developer guide, "Job limits".
 */
const MAX_LISTED = 10;
const MAX_LISTED_SCHEDULED = 15;

export function emptyThing(thingName: string): ThingJobs {
	return { thingName, pending: [], ended: undefined };
}

// ---- reading

/**
 * What is pending and shown to a device that asks what there is to do. Outside of its job's maintenance windows an execution
 * that is QUEUED is not; one that runs goes on. Open point: QUEUED when a window closes.
 */
export function offered({ pending }: ThingJobs): readonly Execution[] {
	const isHidden = ({ status, isHeld }: Execution) => isHeld === true && status === "QUEUED";
	return pending.some(isHidden) ? pending.filter((execution) => !isHidden(execution)) : pending;
}

/** AWS: IN_PROGRESS before QUEUED, then the oldest first. */
export function nextOf(state: ThingJobs): Execution | undefined {
	const list = offered(state);
	return list.find(({ status }) => status === "IN_PROGRESS") ?? list[0];
}

/** @param executionNumber without it the latest execution of the job is found */
export function find(state: ThingJobs, jobId: string, executionNumber?: number): Execution | undefined {
	const isWanted = (execution: Execution) =>
		execution.jobId === jobId && (executionNumber === undefined || execution.executionNumber === executionNumber);
	const pending = state.pending.findLast(isWanted);
	if (pending !== undefined) return pending;
	for (let link = state.ended; link !== undefined; link = link.next) {
		if (isWanted(link.execution)) return link.execution;
	}
	return undefined;
}

/** Every execution of the thing: first what is pending, then what has ended, the latest first. */
export function all({ pending, ended }: ThingJobs): Execution[] {
	return [...pending, ...listOf(ended)];
}

/** When the next timer of the thing runs out; undefined when none runs. */
export function nextDeadline(state: ThingJobs): Milliseconds | undefined {
	let next: Milliseconds | undefined;
	for (const execution of state.pending) {
		const deadline = deadlineOf(execution);
		if (deadline !== undefined && (next === undefined || deadline < next)) next = deadline;
	}
	return next;
}

/** What is listed for a device of the executions that are pending: IN_PROGRESS first, each status in queue order. */
export function listed(state: ThingJobs): Record<"IN_PROGRESS" | "QUEUED", readonly Execution[]> {
	const list = offered(state);
	const max = list.some(({ isScheduled }) => isScheduled) ? MAX_LISTED_SCHEDULED : MAX_LISTED;
	const running = list.filter(({ status }) => status === "IN_PROGRESS").slice(0, max);
	const queued = list.filter(({ status }) => status === "QUEUED").slice(0, max - running.length);
	return { IN_PROGRESS: running, QUEUED: queued };
}

/** The member `jobs` of a `notify` message: IN_PROGRESS first; the list of a status is absent when it is empty. */
export function changedJobs(state: ThingJobs): Record<string, JobExecutionSummary[]> {
	const jobs: Record<string, JobExecutionSummary[]> = {};
	for (const [status, executions] of Object.entries(listed(state))) {
		if (executions.length > 0) jobs[status] = executions.map(summary);
	}
	return jobs;
}

type Identity = Pick<Execution, "jobId" | "executionNumber">;

/** An execution is the pair of job id and number. */
export function isSame(a: Identity | undefined, b: Identity | undefined): boolean {
	return a?.jobId === b?.jobId && a?.executionNumber === b?.executionNumber;
}

// ---- making the next state

/** An execution that ends leaves the queue; one that is tried again is queued at its end. */
export function replace(state: ThingJobs, execution: Execution, by: Execution, now: Milliseconds): ThingJobs {
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

/** Executions whose time is up become TIMED_OUT. */
export function timeOut(state: ThingJobs, now: Milliseconds): ThingJobs {
	let result = state;
	for (const execution of state.pending) {
		const deadline = deadlineOf(execution);
		if (deadline !== undefined && deadline <= now) {
			result = replace(result, execution, change(execution, "TIMED_OUT", now), now);
		}
	}
	return result;
}

/** The state without an execution, as if it had never been. */
export function without(state: ThingJobs, execution: Execution): ThingJobs {
	const pending = state.pending.filter((other) => other !== execution);
	return { ...state, pending, ended: chain(listOf(state.ended).filter((other) => other !== execution)) };
}

// ---- the list of what has ended

/** @param executions the latest first */
export function chain(executions: readonly Execution[]): Ended | undefined {
	return executions.reduceRight<Ended | undefined>((next, execution) => ({ execution, next }), undefined);
}

/** @param end where to stop; it is not in the result. @returns the latest first */
export function listOf(ended: Ended | undefined, end?: Ended): Execution[] {
	const list: Execution[] = [];
	for (let link = ended; link !== undefined && link !== end; link = link.next) list.push(link.execution);
	return list;
}
