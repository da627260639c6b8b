import { EventEmitter } from "node:events";
import type { JobDocument, JobExecution } from "../../src/agent/messages.js";
import type { Clock } from "../ecma419/clock.js";
import { type Execution, seconds, show } from "./execution.js";
import { EVENT_TYPES, type EventType, executionEvent, type FleetEvent, jobEvent } from "./fleet-events.js";
import {
	applyToJob,
	createJob,
	type Job,
	type JobCommand,
	type JobOptions,
	type JobResult,
	type JobUpdate,
	type Transition,
} from "./job-model.js";
import {
	all,
	apply,
	type Command,
	changedJobs,
	emptyThing,
	find,
	isSame,
	nextDeadline,
	nextOf,
	type Result,
	type ThingJobs,
} from "./model.js";
import { DEFAULT_EXPIRES_IN_SEC, type Presign, withPresignedUrls } from "./presigned.js";
import { readSnapshot, type Snapshot, takeSnapshot } from "./snapshot.js";

interface ServiceEvents {
	/** An ordinary message for whoever may hear it: `$aws/things/<thingName>/jobs/<name>`. */
	notice: [thingName: string, name: "notify" | "notify-next", payload: object];
	/** An ordinary message under `$aws/events/`, where such are enabled. */
	fleet: [FleetEvent];
	/** An execution was changed. */
	execution: [thingName: string, execution: Execution];
}

/** AWS: the document is at most 32,768 characters of JSON. */
export const MAX_DOCUMENT_LENGTH = 32_768;

/** The state of the Jobs service, and its timers: what the models leave out. */
export class JobsService extends EventEmitter<ServiceEvents> {
	readonly #clock: Clock;
	/** Makes the presigned URLs in documents; without it placeholders stay as they are. */
	presign: Presign | undefined;
	#things = new Map<string, ThingJobs>();
	#jobs = new Map<string, Job>();
	#events: Record<EventType, boolean> = { JOB: false, JOB_EXECUTION: false };
	readonly #timers = new Map<string, () => void>();

	constructor(clock: Clock) {
		super();
		this.#clock = clock;
	}

	/** Whole seconds since the epoch. */
	get timestamp(): number {
		return seconds(this.#clock.now());
	}

	addThing(thingName: string): void {
		if (!this.#things.has(thingName)) this.#things.set(thingName, emptyThing(thingName));
	}

	hasThing(thingName: string): boolean {
		return this.#things.has(thingName);
	}

	/** @throws when a target is not known, the job id is taken or malformed, or the document too long */
	createJob(options: JobOptions): Job {
		const { jobId, targets, document, inProgressTimeoutInMinutes, retries } = options;
		if (!/^[a-zA-Z0-9_-]{1,64}$/.test(jobId))
			throw new Error(`job id ${JSON.stringify(jobId)}: 1 to 64 of a-z A-Z 0-9 _ -`);
		if (this.#jobs.has(jobId)) throw new Error(`job ${jobId} exists`);
		for (const thingName of targets) {
			if (!this.#things.has(thingName)) throw new Error(`thing ${thingName} does not exist`);
		}
		const { length } = JSON.stringify(document);
		if (length > MAX_DOCUMENT_LENGTH) {
			throw new Error(`the document has ${length} characters; at most ${MAX_DOCUMENT_LENGTH} are allowed`);
		}
		const unique = [...new Set(targets)];
		this.#jobs.set(jobId, createJob({ ...options, targets: unique }, this.#clock.now()));
		for (const thingName of unique) {
			this.execute(thingName, { type: "queue", jobId, document, inProgressTimeoutInMinutes, retries });
		}
		return this.#jobs.get(jobId) as Job;
	}

	job(jobId: string): Job | undefined {
		return this.#jobs.get(jobId);
	}

	/** The newest first. */
	jobs(): Job[] {
		return [...this.#jobs.values()].reverse();
	}

	/** @returns the rejection, if it cannot be done */
	updateJob(jobId: string, change: JobUpdate): JobResult["rejected"] {
		const job = this.#jobs.get(jobId);
		if (job === undefined) throw new Error(`job ${jobId} does not exist`);
		const { job: updated, rejected } = applyToJob(job, { type: "update", change }, this.#clock.now());
		this.#jobs.set(jobId, updated);
		return rejected;
	}

	/** The executions of a thing, of all jobs or of one, the newest first. */
	executions(thingName: string, jobId?: string): Execution[] {
		const thing = this.#things.get(thingName);
		if (thing === undefined) return [];
		return all(thing)
			.filter((execution) => jobId === undefined || execution.jobId === jobId)
			.sort((a, b) => b.queuedAt - a.queuedAt || b.executionNumber - a.executionNumber);
	}

	/** The latest execution of a job on a thing, or the one with this number. */
	execution(thingName: string, jobId: string, executionNumber?: number): Execution | undefined {
		const thing = this.#things.get(thingName);
		return thing && find(thing, jobId, executionNumber);
	}

	/** @returns the rejection, if it cannot be done */
	cancelJob(jobId: string, command: Omit<JobCommand & { type: "cancel" }, "type">): JobResult["rejected"] {
		return this.#endJob(jobId, { type: "cancel", ...command }, ({ targets }) => {
			for (const thingName of targets) {
				this.execute(thingName, { type: "stopRetries", jobId });
				this.execute(thingName, { type: "cancel", jobId, force: command.force });
			}
		});
	}

	/** The job and all of its executions are gone after that. @returns the rejection, if it cannot be done */
	deleteJob(jobId: string, force: boolean): JobResult["rejected"] {
		return this.#endJob(jobId, { type: "delete", force }, ({ targets }) => {
			for (const thingName of targets) {
				for (let execution = this.execution(thingName, jobId); execution; ) {
					const { executionNumber } = execution;
					this.execute(thingName, { type: "delete", jobId, executionNumber, force: true });
					execution = this.execution(thingName, jobId);
				}
			}
			this.#jobs.delete(jobId);
		});
	}

	/** Which events are told. All are off at first, as on AWS. */
	get eventConfigurations(): Readonly<Record<EventType, boolean>> {
		return this.#events;
	}

	configureEvents(events: Partial<Record<EventType, boolean>>): void {
		for (const type of EVENT_TYPES) this.#events[type] = events[type] ?? this.#events[type];
	}

	/**
	 * Carries a command out. What has to be told to others is emitted after `answer` was called, since the answer goes out
	 * first.
	 */
	execute(thingName: string, command: Command, answer: (result: Result) => void = () => undefined): void {
		const before = this.#things.get(thingName);
		if (before === undefined) {
			const message = `Thing ${thingName} does not exist`;
			const notices = { notify: false, notifyNext: false };
			return answer({ state: emptyThing(thingName), notices, rejected: { code: "ResourceNotFound", message } });
		}
		const result = apply(before, command, this.#clock.now());
		if (result.state !== before) {
			this.#things.set(thingName, result.state);
			this.#schedule(result.state);
		}
		answer(this.#presigned(result));
		this.#tell(before, result);
	}

	/** Starts again from its state, as a process does that was ended and finds it on disk. */
	restart(): void {
		this.close();
		const { things, jobs, events } = readSnapshot(JSON.parse(JSON.stringify(this.snapshot())));
		this.#things = things;
		this.#jobs = jobs;
		this.#events = events;
		for (const thing of things.values()) this.#schedule(thing);
	}

	snapshot(): Snapshot {
		return takeSnapshot({ things: this.#things, jobs: this.#jobs, events: this.#events });
	}

	/** Stops the timers. */
	close(): void {
		for (const cancel of this.#timers.values()) cancel();
		this.#timers.clear();
	}

	#presigned(result: Result): Result {
		const { execution, jobDocument, ...rest } = (result.accepted ?? {}) as {
			execution?: JobExecution;
			jobDocument?: JobDocument;
		};
		// An update's answer has the document beside the state, and no URL of it is for use.
		if (execution === undefined) return result;
		return {
			...result,
			accepted: { ...rest, execution: this.#forDevice(execution), ...(jobDocument && { jobDocument }) },
		};
	}

	#forDevice(execution: JobExecution): JobExecution {
		const { jobId, jobDocument } = execution;
		if (jobDocument === undefined || this.presign === undefined) return execution;
		const { expiresInSec = DEFAULT_EXPIRES_IN_SEC } = this.#jobs.get(jobId) ?? {};
		return { ...execution, jobDocument: withPresignedUrls(jobDocument, this.presign, expiresInSec) };
	}

	#endJob(jobId: string, command: JobCommand, end: (job: Job) => void): JobResult["rejected"] {
		const job = this.#jobs.get(jobId);
		if (job === undefined) throw new Error(`job ${jobId} does not exist`);
		const { job: ending, events, rejected } = applyToJob(job, command, this.#clock.now());
		if (rejected !== undefined) return rejected;
		this.#jobs.set(jobId, ending);
		const [first, last] = events;
		const tell = (job: Job, event = first) => {
			if (event !== undefined && this.#events.JOB) this.emit("fleet", jobEvent(job, event, this.timestamp));
		};
		tell(ending);
		end(ending);
		tell(this.#jobs.get(jobId) ?? ending, last);
		return undefined;
	}

	#tell(before: ThingJobs, result: Result): void {
		const { state, notices, deleted } = result;
		const { thingName } = state;
		const { timestamp } = this;
		if (notices.notify) this.emit("notice", thingName, "notify", { timestamp, jobs: changedJobs(state) });
		if (notices.notifyNext) {
			const next = nextOf(state);
			const execution = next && this.#forDevice(show(thingName, next, this.#clock.now(), true));
			this.emit("notice", thingName, "notify-next", { timestamp, ...(execution && { execution }) });
		}
		if (deleted !== undefined) {
			this.#tellOf(thingName, deleted, true);
			return this.#count(deleted.jobId, transitionOfDeleted(deleted, find(state, deleted.jobId)));
		}
		const changes = changedExecutions(before, state);
		for (const { after } of changes) {
			this.emit("execution", thingName, after);
			this.#tellOf(thingName, after, false);
		}
		for (const change of changes) this.#count(change.after.jobId, transitionOf(change, changes));
	}

	#tellOf(thingName: string, execution: Execution, deleted: boolean): void {
		if (!this.#events.JOB_EXECUTION) return;
		const event = executionEvent(thingName, execution, deleted, this.timestamp);
		if (event !== undefined) this.emit("fleet", event);
	}

	#count(jobId: string, transition: Transition): void {
		const job = this.#jobs.get(jobId);
		if (job === undefined || transition.before === transition.after) return;
		const { job: counted, events } = applyToJob(job, { type: "execution", transition }, this.#clock.now());
		this.#jobs.set(jobId, counted);
		if (!this.#events.JOB) return;
		for (const event of events) this.emit("fleet", jobEvent(counted, event, this.timestamp));
	}

	#schedule(state: ThingJobs): void {
		const { thingName } = state;
		this.#timers.get(thingName)?.();
		this.#timers.delete(thingName);
		const deadline = nextDeadline(state);
		if (deadline === undefined) return;
		const fire = () => {
			this.#timers.delete(thingName);
			this.execute(thingName, { type: "tick" });
			// A delay longer than the clock's longest ends early: look again.
			const thing = this.#things.get(thingName);
			if (thing !== undefined && !this.#timers.has(thingName)) this.#schedule(thing);
		};
		this.#timers.set(thingName, this.#clock.after(deadline - this.#clock.now(), fire));
	}
}

interface Change {
	/** Absent when it is new. */
	readonly before: Execution | undefined;
	readonly after: Execution;
}

/** Those with another version than before, what has ended first. */
function changedExecutions(before: ThingJobs, after: ThingJobs): Change[] {
	const changed: Execution[] = [];
	for (let node = after.ended; node !== undefined && node !== before.ended; node = node.next)
		changed.unshift(node.execution);
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

/** @param latest the execution of the same job on this thing that is left */
function transitionOfDeleted(deleted: Execution, latest: Execution | undefined): Transition {
	if (latest !== undefined && latest.executionNumber > deleted.executionNumber) return {};
	return { before: deleted.status, after: latest?.status };
}
