import { EventEmitter } from "node:events";
import type { JobDocument } from "../../src/agent/messages.js";
import type { Clock } from "../ecma419/clock.js";
import {
	apply,
	type Command,
	changedJobs,
	type Execution,
	emptyThing,
	find,
	isTerminal,
	nextDeadline,
	nextOf,
	type Result,
	seconds,
	show,
	type ThingJobs,
} from "./model.js";

export interface JobOptions {
	readonly jobId: string;
	/** Names of things. */
	readonly targets: readonly string[];
	readonly document: JobDocument;
	readonly description?: string | undefined;
	readonly inProgressTimeoutInMinutes?: number | undefined;
}

export interface Job extends JobOptions {
	readonly createdAt: number;
}

interface ServiceEvents {
	/** An ordinary message for whoever may hear it: `$aws/things/<thingName>/jobs/<name>`. */
	notice: [thingName: string, name: "notify" | "notify-next", payload: object];
	/** An execution was changed. */
	execution: [thingName: string, execution: Execution];
}

/** AWS: the document is at most 32,768 characters of JSON. */
export const MAX_DOCUMENT_LENGTH = 32_768;

/** The state of the Jobs service, and its timers: what the model leaves out. */
export class JobsService extends EventEmitter<ServiceEvents> {
	readonly #clock: Clock;
	readonly #things = new Map<string, ThingJobs>();
	readonly #jobs = new Map<string, Job>();
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
		const { jobId, targets, document } = options;
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
		const job = { ...options, createdAt: this.#clock.now() };
		this.#jobs.set(jobId, job);
		const { inProgressTimeoutInMinutes } = options;
		for (const thingName of new Set(targets)) {
			this.execute(thingName, { type: "queue", jobId, document, inProgressTimeoutInMinutes });
		}
		return job;
	}

	job(jobId: string): Job | undefined {
		return this.#jobs.get(jobId);
	}

	/** The latest execution of a job on a thing. */
	execution(thingName: string, jobId: string, executionNumber?: number): Execution | undefined {
		const thing = this.#things.get(thingName);
		return thing && find(thing, jobId, executionNumber);
	}

	/** COMPLETED when every execution has ended. */
	jobStatus(job: Job): "IN_PROGRESS" | "COMPLETED" {
		const ended = job.targets.every((thingName) => {
			const execution = this.execution(thingName, job.jobId);
			return execution === undefined || isTerminal(execution.status);
		});
		return ended ? "COMPLETED" : "IN_PROGRESS";
	}

	/**
	 * Carries a command out. What has to be told to others is emitted after `answer` was called, since the answer goes out
	 * first.
	 */
	execute(thingName: string, command: Command, answer: (result: Result) => void = () => undefined): void {
		const before = this.#things.get(thingName) ?? emptyThing(thingName);
		const result = apply(before, command, this.#clock.now());
		if (result.state !== before) {
			this.#things.set(thingName, result.state);
			this.#schedule(result.state);
		}
		answer(result);
		this.#tell(before, result);
	}

	/** Stops the timers. */
	close(): void {
		for (const cancel of this.#timers.values()) cancel();
		this.#timers.clear();
	}

	#tell(before: ThingJobs, { state, notices }: Result): void {
		const { thingName } = state;
		const { timestamp } = this;
		if (notices.notify) this.emit("notice", thingName, "notify", { timestamp, jobs: changedJobs(state) });
		if (notices.notifyNext) {
			const next = nextOf(state);
			const execution = next && show(state, next, this.#clock.now(), true);
			this.emit("notice", thingName, "notify-next", { timestamp, ...(execution && { execution }) });
		}
		if (this.listenerCount("execution") === 0) return;
		for (const execution of changedExecutions(before, state)) this.emit("execution", thingName, execution);
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

function changedExecutions(before: ThingJobs, after: ThingJobs): Execution[] {
	const known = new Set(before.pending);
	const changed = after.pending.filter((execution) => !known.has(execution));
	for (let node = after.ended; node !== undefined && node !== before.ended; node = node.next) {
		changed.push(node.execution);
	}
	return changed;
}
