import type { Execution } from "../jobs/execution.js";
import type { Job } from "../jobs/job.js";
import type { EventType } from "../jobs/job-events.js";
import { chain, type Ended, type ThingJobs } from "../jobs/thing-jobs.js";

/** All that the service knows. */
export interface ServiceState {
	readonly things: Map<string, ThingJobs>;
	readonly jobs: Map<string, Job>;
	readonly events: Record<EventType, boolean>;
}

/** The same as JSON can hold it: lists for maps, and a list for the chain of what has ended. */
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

export function takeSnapshot({ things, jobs, events }: ServiceState): Snapshot {
	return {
		things: [...things.values()].map(({ thingName, pending, ended }) => ({ thingName, pending, ended: listed(ended) })),
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

function listed(ended: Ended | undefined): Execution[] {
	const list: Execution[] = [];
	for (let node = ended; node !== undefined; node = node.next) list.push(node.execution);
	return list;
}
