import type { Execution } from "./execution.js";
import type { Job } from "./job.js";
import { type EventType, noEvents } from "./job-events.js";
import { chain, listOf, type ThingJobs } from "./thing-jobs.js";

/** All that the Jobs service knows: executions by thing, jobs by id in the order of their creation, and which events are told. */
export interface ServiceState {
	readonly things: Map<string, ThingJobs>;
	readonly jobs: Map<string, Job>;
	readonly events: Record<EventType, boolean>;
}

/** A part of the state that is another one now; `after` is undefined when it is gone. */
export type StateChange =
	| {
			readonly type: "thing";
			readonly thingName: string;
			readonly before: ThingJobs;
			readonly after: ThingJobs | undefined;
	  }
	| { readonly type: "job"; readonly jobId: string; readonly before: Job | undefined; readonly after: Job | undefined }
	| {
			readonly type: "events";
			readonly before: Readonly<Record<EventType, boolean>>;
			readonly after: Readonly<Record<EventType, boolean>>;
	  };

/** The state as JSON can hold it: lists in place of maps and links. */
export interface Snapshot {
	readonly things: readonly {
		readonly thingName: string;
		readonly pending: readonly Execution[];
		/** The latest first. */
		readonly ended: readonly Execution[];
	}[];
	readonly jobs: readonly Job[];
	readonly events: Record<EventType, boolean>;
}

export function emptyState(): ServiceState {
	return { things: new Map(), jobs: new Map(), events: noEvents() };
}

/** Takes changes back, the last one first. */
export function takeBack(state: ServiceState, changes: readonly StateChange[]): void {
	for (const change of changes.toReversed()) {
		if (change.type === "events") Object.assign(state.events, change.before);
		else if (change.type === "thing") state.things.set(change.thingName, change.before);
		else if (change.before === undefined) state.jobs.delete(change.jobId);
		else if (change.after !== undefined) state.jobs.set(change.jobId, change.before);
		else putBack(state.jobs, change.before);
	}
}

/** A job that was deleted comes back to its place in the order of their creation. */
function putBack(jobs: ServiceState["jobs"], job: Job): void {
	const all = [...jobs.values(), job].sort((a, b) => a.createdAt - b.createdAt);
	jobs.clear();
	for (const one of all) jobs.set(one.jobId, one);
}

export function takeSnapshot({ things, jobs, events }: ServiceState): Snapshot {
	return {
		things: [...things.values()].map(({ thingName, pending, ended }) => ({ thingName, pending, ended: listOf(ended) })),
		jobs: [...jobs.values()],
		events,
	};
}

export function readSnapshot({ things, jobs, events }: Snapshot): ServiceState {
	return {
		things: new Map(things.map((thing) => [thing.thingName, { ...thing, ended: chain(thing.ended) }])),
		jobs: new Map(jobs.map((job) => [job.jobId, job])),
		events,
	};
}
