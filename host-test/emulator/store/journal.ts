import type { JobDocument, JobExecutionStatus } from "../../../src/protocol/messages.js";
import type { Execution } from "../jobs/execution.js";
import { addCounts, type Job } from "../jobs/job.js";
import { EVENT_TYPES, type EventType } from "../jobs/job-events.js";
import type { ServiceState, StateChange } from "../jobs/state.js";
import { all, chain, type Ended, emptyThing, listOf, type ThingJobs } from "../jobs/thing-jobs.js";
import type { Store } from "./store.js";

/** An execution has its job's document, which is kept once, with the job. */
type Kept = Omit<Execution, "document">;

/** Its document is kept once: as text, if it came as text. */
type KeptJob = Omit<Job, "members" | "document"> & Partial<Pick<Job, "document">>;

/** Keeps the state of the Jobs service in the store: of each change what has changed, and not all. */
export class Journal {
	readonly #store: Store;

	constructor(store: Store) {
		this.#store = store;
	}

	/** All of the changes are kept, or none. */
	keep(changes: readonly StateChange[]): void {
		this.#store.together(changes.length, () => {
			for (const change of changes) this.#keep(change);
		});
	}

	#keep(change: StateChange): void {
		switch (change.type) {
			case "thing":
				return change.after === undefined
					? this.#removeThing(change.before)
					: this.#keepThing(change.before, change.after);
			case "job":
				return change.after === undefined ? this.#removeJob(change.jobId) : this.#keepJob(change.before, change.after);
			case "events":
				return this.#store.put(["events"], change.after);
		}
	}

	#keepThing(before: ThingJobs, after: ThingJobs): void {
		const { thingName, pending } = after;
		if (pending !== before.pending) {
			this.#store.put(["pending", thingName], { thingName, executions: pending.map(withoutDocument) });
		}
		if (after.ended !== before.ended) this.#keepEnded(thingName, before.ended, after.ended);
	}

	#removeThing({ thingName, ended }: ThingJobs): void {
		this.#store.remove(["pending", thingName]);
		this.#keepEnded(thingName, ended, undefined);
	}

	#keepEnded(thingName: string, before: Ended | undefined, after: Ended | undefined): void {
		if (isTail(after, before)) {
			for (const execution of listOf(after, before)) {
				this.#store.put(endedKey(thingName, execution), { thingName, ...withoutDocument(execution) });
			}
			return;
		}
		// Only a deletion makes another list.
		const left = new Set(listOf(after));
		for (const execution of listOf(before)) {
			if (!left.has(execution)) this.#store.remove(endedKey(thingName, execution));
		}
	}

	/** The names of a job's things may be many: they are written only when they have changed. */
	#keepJob(before: Job | undefined, { members, document, ...job }: Job): void {
		const { jobId, documentText } = job;
		this.#store.put(["job", jobId], documentText === undefined ? { ...job, document } : job);
		if (members !== before?.members) this.#store.put(["job-members", jobId], { jobId, members });
	}

	#removeJob(jobId: string): void {
		this.#store.remove(["job", jobId]);
		this.#store.remove(["job-members", jobId]);
	}

	/** The state as it was kept. @param thingNames all things that there are */
	load(thingNames: Iterable<string>): ServiceState {
		const members = new Map(
			this.#store.all<{ jobId: string; members: string[] }>("job-members").map((kept) => [kept.jobId, kept.members]),
		);
		const jobs = this.#store
			.all<KeptJob>("job")
			.map((job): Job => ({ ...job, document: documentOf(job), members: members.get(job.jobId) ?? [] }))
			.sort((a, b) => a.createdAt - b.createdAt);
		const documents = new Map(jobs.map(({ jobId, document }) => [jobId, document]));
		const whole = (kept: Kept): Execution => ({ ...kept, document: documents.get(kept.jobId) ?? ({} as JobDocument) });
		const things = new Map([...thingNames].map((thingName) => [thingName, emptyThing(thingName)]));
		for (const { thingName, executions } of this.#store.all<{ thingName: string; executions: Kept[] }>("pending")) {
			const thing = things.get(thingName);
			if (thing !== undefined) things.set(thingName, { ...thing, pending: executions.map(whole) });
		}
		for (const [thingName, ended] of this.#ended()) {
			const thing = things.get(thingName);
			if (thing !== undefined) things.set(thingName, { ...thing, ended: chain(ended.map(whole)) });
		}
		const [events = {}] = this.#store.all<Partial<Record<EventType, boolean>>>("events");
		return {
			things,
			jobs: countAnew(jobs, things.values()),
			events: Object.fromEntries(EVENT_TYPES.map((type) => [type, events[type] ?? false])) as Record<
				EventType,
				boolean
			>,
		};
	}

	/** By thing, the latest first. */
	#ended(): Map<string, Kept[]> {
		const byThing = new Map<string, Kept[]>();
		for (const { thingName, ...execution } of this.#store.all<Kept & { thingName: string }>("ended")) {
			const list = byThing.get(thingName) ?? [];
			list.push(execution);
			byThing.set(thingName, list);
		}
		for (const list of byThing.values()) {
			list.sort((a, b) => b.lastUpdatedAt - a.lastUpdatedAt || b.executionNumber - a.executionNumber);
		}
		return byThing;
	}
}

function documentOf({ document, documentText }: KeptJob): JobDocument {
	return document ?? JSON.parse(documentText ?? "{}");
}

function withoutDocument({ document: _, ...execution }: Execution): Kept {
	return execution;
}

function endedKey(
	thingName: string,
	{ jobId, executionNumber }: Execution,
): readonly ["ended", string, string, number] {
	return ["ended", thingName, jobId, executionNumber];
}

/** Executions are counted anew: the counts that were kept need not be trusted, but for those whose things are deleted. */
function countAnew(jobs: readonly Job[], things: Iterable<ThingJobs>): Map<string, Job> {
	const statuses = new Map<string, JobExecutionStatus[]>(jobs.map(({ jobId }) => [jobId, []]));
	for (const thing of things) for (const { jobId, status } of all(thing)) statuses.get(jobId)?.push(status);
	return new Map(
		jobs.map((job) => {
			const { jobId, gone = {} } = job;
			return [jobId, { ...job, gone, counts: addCounts(gone, statuses.get(jobId) ?? []) }];
		}),
	);
}

function isTail(list: Ended | undefined, tail: Ended | undefined): boolean {
	for (let link = list; link !== undefined; link = link.next) if (link === tail) return true;
	return tail === undefined;
}
