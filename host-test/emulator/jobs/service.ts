import { EventEmitter } from "node:events";
import type { Clock } from "../../clock.js";
import { ServiceError } from "../base/errors.js";
import { seconds } from "../base/time.js";
import type { Execution } from "./execution.js";
import { type Job, rolledOutOf } from "./job.js";
import type { JobCommand, JobResult, JobUpdate } from "./job-commands.js";
import { textOf } from "./job-document.js";
import type { EventType, JobEvent } from "./job-events.js";
import { checkNewJob, type NewJob } from "./new-job.js";
import type { Notice } from "./notices.js";
import type { Command, Result } from "./operations.js";
import { withPresignedUrls } from "./presigned.js";
import { nextJobDeadline } from "./rollout.js";
import {
	emptyState,
	readSnapshot,
	type ServiceState,
	type Snapshot,
	type StateChange,
	takeBack,
	takeSnapshot,
} from "./state.js";
import { type Lookups, readTargets, thingsOf } from "./targets.js";
import { all, emptyThing, find, nextDeadline } from "./thing-jobs.js";
import { Timers } from "./timers.js";
import { type Context, type Message, Turn } from "./turn.js";

interface ServiceEvents {
	/** The state has changed. Whoever keeps it keeps all of the changes or none, before anybody is told of them. */
	changed: [changes: readonly StateChange[]];
	/** A message for whoever has subscribed: `$aws/things/<thingName>/jobs/<name>`. */
	notice: [thingName: string, name: Notice["name"], payload: object];
	/** A message under `$aws/events/`, where such events are enabled. */
	event: [JobEvent];
	/** A line for the log. */
	log: [string];
	/** An execution has changed. */
	execution: [thingName: string, execution: Execution];
}

/** What others know: the registry of groups, and who serves files of their URLs. */
export interface JobsServiceOptions extends Pick<Lookups, "membersOf">, Pick<Context, "groupsOf" | "presign"> {
	readonly clock: Clock;
}

/**
 * The Jobs service: its state, its clock and its timers. What a request or a timer does to the state is the model's: see
 * `Turn`. The service keeps the changes and tells of them.
 */
export class JobsService extends EventEmitter<ServiceEvents> {
	readonly #options: JobsServiceOptions;
	readonly #timers: Timers;
	#state: ServiceState = emptyState();

	constructor(options: JobsServiceOptions) {
		super();
		this.#options = options;
		this.#timers = new Timers(options.clock, (name, error) =>
			this.emit("log", `the timer of ${name} failed: ${error}`),
		);
	}

	/** Whole seconds since the epoch. */
	get timestamp(): number {
		return seconds(this.#options.clock.now());
	}

	// ---- things and their groups, as the registry tells of them

	hasThing(thingName: string): boolean {
		return this.#state.things.has(thingName);
	}

	addThing(thingName: string): void {
		if (!this.hasThing(thingName)) this.#state.things.set(thingName, emptyThing(thingName));
	}

	removeThing(thingName: string): void {
		this.#turn((turn) => turn.removeThing(thingName));
	}

	/** @param before all groups that the thing was in @param after all that it is in now */
	regroup(thingName: string, before: ReadonlySet<string>, after: ReadonlySet<string>): void {
		this.#turn((turn) => turn.regroup(thingName, before, after));
	}

	// ---- jobs

	/** @throws ServiceError when the job exists already, or see `checkNewJob` */
	createJob(newJob: NewJob): Job {
		const { jobId } = newJob;
		if (this.job(jobId) !== undefined) {
			throw new ServiceError("ResourceAlreadyExists", `Job ${jobId} already exists`);
		}
		const { options, things } = checkNewJob(newJob, this.#lookups);
		this.#turn((turn) => turn.createJob(options, things));
		return this.job(jobId) as Job;
	}

	job(jobId: string): Job | undefined {
		return this.#state.jobs.get(jobId);
	}

	/** The newest first. */
	jobs(): Job[] {
		return [...this.#state.jobs.values()].reverse();
	}

	/** @returns the rejection, if it cannot be done */
	updateJob(jobId: string, change: JobUpdate): JobResult["rejected"] {
		return this.#turn((turn) => turn.updateJob(jobId, change));
	}

	/**
	 * More targets for a CONTINUOUS job: those of their things get it that are no targets yet. Open point: rate of associated
	 * targets. @returns the rejection, if it cannot be done
	 */
	associateTargets(jobId: string, added: readonly string[], comment: string | undefined): JobResult["rejected"] {
		const { arns, things } = readTargets(added, this.#lookups);
		const known = new Set(thingsOf(this.job(jobId)?.targets ?? [], this.#lookups));
		return this.#turn((turn) => {
			const { rejected } = turn.applyToJob(jobId, { type: "associate", targets: arns, comment });
			if (rejected !== undefined) return rejected;
			const joining = things.filter((thingName) => !known.has(thingName));
			turn.join(jobId, joining, false);
			return undefined;
		});
	}

	/** @returns the rejection, if it cannot be done */
	cancelJob(jobId: string, command: Omit<JobCommand & { type: "cancel" }, "type">): JobResult["rejected"] {
		return this.#turn((turn) => turn.applyToJob(jobId, { type: "cancel", ...command }).rejected);
	}

	/** The job goes with all of its executions. @returns the rejection, if it cannot be done */
	deleteJob(jobId: string, force: boolean): JobResult["rejected"] {
		return this.#turn((turn) => turn.deleteJob(jobId, force));
	}

	/** The things that have had an execution of the job, each once. */
	thingsOf(jobId: string): string[] {
		const job = this.job(jobId);
		return job === undefined ? [] : rolledOutOf(job);
	}

	/** The text of a job's document as a device gets it, with presigned URLs. */
	documentText(jobId: string): string | undefined {
		const job = this.job(jobId);
		return job && withPresignedUrls(textOf(job), this.#options.presign, job);
	}

	// ---- executions

	/** Carries out a command. The answer is given before anybody is told of what has changed. */
	execute(thingName: string, command: Command, answer: (result: Result) => void = () => undefined): void {
		this.#turn((turn) => turn.execute(thingName, command), answer);
	}

	/** The executions of a thing, of all jobs or of one, the newest first. */
	executions(thingName: string, jobId?: string): Execution[] {
		const thing = this.#state.things.get(thingName);
		if (thing === undefined) return [];
		return all(thing)
			.filter((execution) => jobId === undefined || execution.jobId === jobId)
			.sort((a, b) => b.queuedAt - a.queuedAt || b.executionNumber - a.executionNumber);
	}

	/** The latest execution of a job on a thing, or the one with this number. */
	execution(thingName: string, jobId: string, executionNumber?: number): Execution | undefined {
		const thing = this.#state.things.get(thingName);
		return thing && find(thing, jobId, executionNumber);
	}

	// ---- events

	/** Which events are told. All are off at first, as on AWS. */
	get eventConfigurations(): Readonly<Record<EventType, boolean>> {
		return this.#state.events;
	}

	configureEvents(events: Partial<Record<EventType, boolean>>): void {
		this.#turn((turn) => turn.configureEvents(events));
	}

	// ---- the state as a whole

	snapshot(): Snapshot {
		return takeSnapshot(this.#state);
	}

	/** Goes on from a state: what was due meanwhile is done at once. Called when those who listen are there. */
	resume(state: ServiceState): void {
		this.#state = state;
		this.#turn((turn) => turn.finish());
		for (const thingName of state.things.keys()) this.#scheduleThing(thingName);
		for (const jobId of state.jobs.keys()) this.#scheduleJob(jobId);
	}

	/** Starts again from its state, as a process does that was ended and finds it on disk. */
	restart(): void {
		this.close();
		this.resume(readSnapshot(JSON.parse(JSON.stringify(this.snapshot()))));
	}

	/** Stops the timers. */
	close(): void {
		this.#timers.close();
	}

	get #lookups(): Lookups {
		return { hasThing: (thingName) => this.hasThing(thingName), membersOf: this.#options.membersOf };
	}

	/** Changes the state, and then: keeps the changes, answers, tells others. What fails before the answer has not happened. */
	#turn<T>(act: (turn: Turn) => T, answer: (result: T) => void = () => undefined): T {
		const { clock, groupsOf, presign } = this.#options;
		const turn = new Turn(this.#state, { now: clock.now(), groupsOf, presign });
		const result = this.#kept(turn, act);
		this.#scheduleAll(turn.changes);
		answer(result);
		for (const message of turn.messages) this.#tell(message);
		return result;
	}

	#kept<T>(turn: Turn, act: (turn: Turn) => T): T {
		try {
			const result = act(turn);
			// Before the answer: what was said is still true after the process was killed.
			if (turn.changes.length > 0) this.emit("changed", turn.changes);
			return result;
		} catch (error) {
			takeBack(this.#state, turn.changes);
			throw error;
		}
	}

	/** It has happened and is kept: that somebody could not be told does not make it an error. */
	#tell(message: Message): void {
		try {
			this.#emit(message);
		} catch (error) {
			this.emit("log", `${message.type}: could not be told: ${error}`);
		}
	}

	#emit(message: Message): void {
		switch (message.type) {
			case "notice":
				return void this.emit("notice", message.thingName, message.name, message.payload);
			case "event":
				return void this.emit("event", message);
			case "execution":
				return void this.emit("execution", message.thingName, message.execution);
		}
	}

	#scheduleAll(changes: readonly StateChange[]): void {
		const things = new Set<string>();
		const jobs = new Set<string>();
		for (const change of changes) {
			if (change.type === "thing") things.add(change.thingName);
			if (change.type === "job") jobs.add(change.jobId);
		}
		for (const thingName of things) this.#scheduleThing(thingName);
		for (const jobId of jobs) this.#scheduleJob(jobId);
	}

	#scheduleThing(thingName: string): void {
		const thing = this.#state.things.get(thingName);
		const due = thing && nextDeadline(thing);
		this.#timers.set(`thing/${thingName}`, due, () => this.execute(thingName, { type: "tick" }));
	}

	#scheduleJob(jobId: string): void {
		const job = this.job(jobId);
		const due = job && nextJobDeadline(job, this.#options.clock.now());
		this.#timers.set(`job/${jobId}`, due, () => {
			this.#turn((turn) => turn.advance(jobId));
			this.#scheduleJob(jobId);
		});
	}
}
