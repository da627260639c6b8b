import type { Execution } from "./execution.js";
import type { Transition } from "./job-commands.js";
import type { Result } from "./operations.js";
import { isSame, type ThingJobs } from "./thing-jobs.js";

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

/**
 * How the counts of jobs change by what a command has done to a thing's executions. Each execution counts, one that is tried
 * again as well. The new ones come first: a job whose last execution is tried again is not complete. Pure.
 */
export function transitionsOf(before: ThingJobs, { state, deleted }: Result): JobTransition[] {
	if (deleted !== undefined) return [{ jobId: deleted.jobId, transition: { before: deleted.status } }];
	const transitions = changesOf(before, state).map(({ before: old, after }) => ({
		jobId: after.jobId,
		transition: { before: old?.status, after: after.status },
	}));
	const isNew = ({ transition }: JobTransition) => transition.before === undefined;
	return [...transitions.filter(isNew), ...transitions.filter((transition) => !isNew(transition))];
}

function changesOf(before: ThingJobs, after: ThingJobs): Change[] {
	const changed: Execution[] = [];
	for (let link = after.ended; link !== undefined && link !== before.ended; link = link.next) {
		changed.unshift(link.execution);
	}
	const known = new Set(before.pending);
	changed.push(...after.pending.filter((execution) => !known.has(execution)));
	// Leaving a job's targets changes the status and not the version.
	const isSeen = ({ before: old, after: now }: Change) =>
		old?.versionNumber !== now.versionNumber || old.status !== now.status;
	return changed
		.map((execution) => ({ before: before.pending.find((other) => isSame(other, execution)), after: execution }))
		.filter(isSeen);
}
