import type { Execution } from "./execution.js";
import type { Transition } from "./job-commands.js";
import type { Result } from "./operations.js";
import { find, isSame, type ThingJobs } from "./thing-jobs.js";

/** What a command has changed, as the jobs of these executions count it. */
export interface JobTransition {
	readonly jobId: string;
	readonly transition: Transition;
}

interface Change {
	/** Absent when it is new. */
	readonly before: Execution | undefined;
	readonly after: Execution;
}

/** The executions that have another version than before, those that have ended first. Pure. */
export function changedExecutions(before: ThingJobs, after: ThingJobs): Execution[] {
	return changesOf(before, after).map((change) => change.after);
}

/** How the counts of jobs change by what a command has done to a thing's executions. Pure. */
export function transitionsOf(before: ThingJobs, { state, deleted }: Result): JobTransition[] {
	if (deleted !== undefined) {
		const transition = transitionOfDeleted(deleted, find(state, deleted.jobId));
		return [{ jobId: deleted.jobId, transition }];
	}
	const changes = changesOf(before, state);
	return changes.map((change) => ({ jobId: change.after.jobId, transition: transitionOf(change, changes) }));
}

function changesOf(before: ThingJobs, after: ThingJobs): Change[] {
	const changed: Execution[] = [];
	for (let link = after.ended; link !== undefined && link !== before.ended; link = link.next) {
		changed.unshift(link.execution);
	}
	const known = new Set(before.pending);
	changed.push(...after.pending.filter((execution) => !known.has(execution)));
	return changed
		.map((execution) => ({ before: before.pending.find((other) => isSame(other, execution)), after: execution }))
		.filter((change) => change.before?.versionNumber !== change.after.versionNumber);
}

/** A job counts things: one whose execution is tried again is QUEUED again, and has not failed. */
function transitionOf({ before, after }: Change, changes: readonly Change[]): Transition {
	const { jobId, executionNumber } = after;
	const numbered = (number: number) => changes.find((other) => isSame(other.after, { jobId, executionNumber: number }));
	if (numbered(executionNumber + 1) !== undefined) return {};
	return { before: (before ?? numbered(executionNumber - 1)?.before)?.status, after: after.status };
}

/** @param latest the latest execution of the same job that the thing still has */
function transitionOfDeleted(deleted: Execution, latest: Execution | undefined): Transition {
	if (latest !== undefined && latest.executionNumber > deleted.executionNumber) return {};
	return { before: deleted.status, after: latest?.status };
}
