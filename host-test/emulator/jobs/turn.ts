import { randomUUID } from "node:crypto";
import type { JobDocument } from "../../../src/protocol/messages.js";
import { type Milliseconds, seconds } from "../base/time.js";
import { type Execution, isTerminal } from "./execution.js";
import { createJob, type Job, type JobOptions, rolledOutOf } from "./job.js";
import { applyToJob, type JobCommand, type JobEventName, type JobResult, type JobUpdate } from "./job-commands.js";
import { retriesOf } from "./job-config.js";
import { EVENT_TYPES, type EventType, executionEvent, type JobEvent, jobEvent, type Stamp } from "./job-events.js";
import { type Notice, noticesOf } from "./notices.js";
import { apply, type Command, type Result } from "./operations.js";
import { documentWithUrls, type Presign } from "./presigned.js";
import { executionWithUrls, resultWithUrls } from "./presigned-answer.js";
import type { ServiceState, StateChange } from "./state.js";
import { isOfGroup, isTargeted } from "./targets.js";
import { all, emptyThing, find, type ThingJobs } from "./thing-jobs.js";
import { changedExecutions, transitionsOf } from "./transitions.js";

/** What is told to others once the state is kept. */
export type Message =
	| ({ readonly type: "notice" } & Notice)
	| ({ readonly type: "event" } & JobEvent)
	| { readonly type: "execution"; readonly thingName: string; readonly execution: Execution };

/** What a turn asks of others. */
export interface Context {
	readonly now: Milliseconds;
	/** All groups that a thing is in. */
	readonly groupsOf: (thingName: string) => ReadonlySet<string>;
	readonly presign: Presign;
}

/**
 * One request, or one timer, with all that follows from it: an execution that ends may complete its job or abort it, and a
 * job that is cancelled cancels executions. The turn changes the maps of the state, and collects what has changed and
 * what is to be told, in order. It knows no clock, no timer and no store: those are the service's.
 */
export class Turn {
	readonly changes: StateChange[] = [];
	readonly messages: Message[] = [];
	readonly #state: ServiceState;
	readonly #context: Context;

	constructor(state: ServiceState, context: Context) {
		this.#state = state;
		this.#context = context;
	}

	// ---- executions

	/** Carries out a command on a thing's executions. */
	execute(thingName: string, command: Command): Result {
		const before = this.#state.things.get(thingName);
		if (before === undefined) {
			const message = `Thing ${thingName} does not exist`;
			const notices = { notify: false, notifyNext: false };
			return { state: emptyThing(thingName), notices, rejected: { code: "ResourceNotFound", message } };
		}
		const result = apply(before, command, this.#context.now);
		if (result.state !== before) {
			this.#state.things.set(thingName, result.state);
			this.changes.push({ type: "thing", thingName, before, after: result.state });
		}
		this.#tell(before, result);
		for (const { jobId, transition } of transitionsOf(before, result)) {
			if (this.#state.jobs.has(jobId) && transition.before !== transition.after) {
				this.applyToJob(jobId, { type: "execution", transition });
			}
		}
		return resultWithUrls(command, result, (...handedOut) => this.#withUrls(...handedOut));
	}

	/**
	 * A thing that is deleted takes its executions with it, which may complete a job. What it had still to do counts as removed;
	 * what it has ended counts on.
	 */
	removeThing(thingName: string): void {
		const thing = this.#state.things.get(thingName);
		if (thing === undefined) return;
		for (const { jobId } of thing.pending) this.execute(thingName, { type: "remove", jobId, force: true });
		const before = this.#state.things.get(thingName) ?? thing;
		for (const { jobId, status } of all(before)) {
			if (this.#state.jobs.has(jobId)) this.applyToJob(jobId, { type: "lose", statuses: [status] });
		}
		this.#state.things.delete(thingName);
		this.changes.push({ type: "thing", thingName, before, after: undefined });
		for (const { jobId, members } of [...this.#state.jobs.values()]) {
			if (members.includes(thingName)) this.advance(jobId);
		}
	}

	#deleteExecutions(thingName: string, jobId: string): void {
		const latest = () => {
			const thing = this.#state.things.get(thingName);
			return thing && find(thing, jobId);
		};
		for (let execution = latest(); execution !== undefined; execution = latest()) {
			const { executionNumber } = execution;
			this.execute(thingName, { type: "delete", jobId, executionNumber, force: true });
		}
	}

	// ---- jobs

	/** @param members names of the things that its targets mean now */
	createJob(options: JobOptions, members: readonly string[]): void {
		this.#setJob(createJob(options, members, this.#context.now));
		this.advance(options.jobId);
	}

	#setJob(job: Job): void {
		const before = this.#state.jobs.get(job.jobId);
		if (job === before) return;
		this.#state.jobs.set(job.jobId, job);
		this.changes.push({ type: "job", jobId: job.jobId, before, after: job });
	}

	/** Carries out a command on a job, and what follows from it for its executions. */
	applyToJob(jobId: string, command: JobCommand): JobResult {
		const result = applyToJob(this.#job(jobId), command, this.#context.now);
		const { job, events, cancel } = result;
		this.#setJob(job);
		if (cancel === undefined) {
			for (const event of events) this.#tellOfJob(job, event);
			return result;
		}
		const [first, last] = events;
		this.#tellOfJob(job, first);
		this.#cancelExecutions(job, cancel.force);
		this.#tellOfJob(this.#state.jobs.get(jobId) ?? job, last);
		return result;
	}

	/** What an operator changes of a job, and what follows from it for its executions. */
	updateJob(jobId: string, change: JobUpdate): JobResult["rejected"] {
		const { job, rejected, reconfigure } = this.applyToJob(jobId, { type: "update", change });
		if (rejected !== undefined) return rejected;
		const { inProgressTimeoutInMinutes, stopRetries = false } = reconfigure ?? {};
		if (inProgressTimeoutInMinutes !== undefined || stopRetries) {
			for (const thingName of rolledOutOf(job)) {
				if (stopRetries) this.execute(thingName, { type: "stopRetries", jobId });
				if (inProgressTimeoutInMinutes === undefined) continue;
				this.execute(thingName, { type: "setTimeout", jobId, inProgressTimeoutInMinutes });
			}
		}
		this.advance(jobId);
		return undefined;
	}

	/** These things are targets of a job from now on. */
	join(jobId: string, things: readonly string[], isAtOnce: boolean): void {
		const { queue = [] } = this.applyToJob(jobId, { type: "join", things, isAtOnce });
		for (const thingName of queue) this.#queue(this.#job(jobId), thingName);
		this.advance(jobId);
	}

	/**
	 * A thing's groups have changed: CONTINUOUS jobs come to it, or leave it. One that is in a target group already and joins
	 * another gets the job again if it has ended it.
	 */
	regroup(thingName: string, before: ReadonlySet<string>, after: ReadonlySet<string>): void {
		for (const { jobId, targets, targetSelection, status } of [...this.#state.jobs.values()]) {
			if (targetSelection !== "CONTINUOUS" || (status !== "IN_PROGRESS" && status !== "SCHEDULED")) continue;
			const joined = new Set([...after].filter((groupName) => !before.has(groupName)));
			const left = new Set([...before].filter((groupName) => !after.has(groupName)));
			if (isOfGroup(targets, joined)) this.join(jobId, [thingName], true);
			else if (isOfGroup(targets, left) && !isTargeted(targets, thingName, after)) {
				this.execute(thingName, { type: "remove", jobId });
			}
		}
	}

	/** Rolls out what is due now. */
	advance(jobId: string): void {
		for (let isDue = true; isDue && this.#state.jobs.has(jobId); ) {
			const { queue = [], hold } = this.applyToJob(jobId, { type: "tick" });
			if (hold !== undefined) this.#hold(this.#job(jobId), hold);
			for (const thingName of queue) this.#queue(this.#job(jobId), thingName);
			isDue = queue.length > 0;
		}
	}

	#hold(job: Job, isHeld: boolean): void {
		for (const thingName of rolledOutOf(job)) this.execute(thingName, { type: "hold", jobId: job.jobId, isHeld });
	}

	/** @returns what was rejected; else the job and all of its executions are gone */
	deleteJob(jobId: string, force: boolean): JobResult["rejected"] {
		const { job, rejected, events } = applyToJob(this.#job(jobId), { type: "delete", force }, this.#context.now);
		if (rejected !== undefined) return rejected;
		const [first, last] = events;
		this.#setJob(job);
		this.#tellOfJob(job, first);
		this.#tellOfJob(this.#finishDeletion(job), last);
		return undefined;
	}

	/** @returns the job as it was in the end */
	#finishDeletion(job: Job): Job {
		const { jobId } = job;
		for (const thingName of rolledOutOf(job)) this.#deleteExecutions(thingName, jobId);
		const last = this.#job(jobId);
		this.#state.jobs.delete(jobId);
		this.changes.push({ type: "job", jobId, before: last, after: undefined });
		return last;
	}

	#cancelExecutions(job: Job, force: boolean): void {
		const { jobId } = job;
		for (const thingName of rolledOutOf(job)) {
			this.execute(thingName, { type: "stopRetries", jobId });
			this.execute(thingName, { type: "cancel", jobId, force });
		}
	}

	/** Ends what was begun and not finished when the process was killed. */
	finish(): void {
		for (const job of [...this.#state.jobs.values()]) {
			if (job.status === "CANCELED") this.#cancelExecutions(job, job.forceCanceled);
			if (job.status === "DELETION_IN_PROGRESS") this.#finishDeletion(job);
		}
	}

	#job(jobId: string): Job {
		const job = this.#state.jobs.get(jobId);
		if (job === undefined) throw new Error(`job ${jobId} does not exist`);
		return job;
	}

	/** Queues a job's execution for a thing whose turn has come. */
	#queue(job: Job, thingName: string): void {
		const { jobId, document, timeoutConfig, jobExecutionsRetryConfig, targetSelection, targets } = job;
		const thing = this.#state.things.get(thingName);
		if (thing === undefined) {
			// It was deleted before its turn.
			this.applyToJob(jobId, { type: "lose", statuses: ["REMOVED"] });
			this.applyToJob(jobId, { type: "execution", transition: { after: "REMOVED" } });
			return;
		}
		const latest = find(thing, jobId);
		if (latest !== undefined && !isTerminal(latest.status)) return; // it has left and come back before its turn
		const isTarget = () => isTargeted(targets, thingName, this.#context.groupsOf(thingName));
		if (targetSelection === "CONTINUOUS" && !isTarget()) return; // it has left since it joined
		const { inProgressTimeoutInMinutes } = timeoutConfig ?? {};
		const retries = retriesOf(jobExecutionsRetryConfig);
		const isScheduled = job.scheduling !== undefined;
		this.execute(thingName, { type: "queue", jobId, document, inProgressTimeoutInMinutes, retries, isScheduled });
	}

	// ---- events

	configureEvents(events: Partial<Record<EventType, boolean>>): void {
		const before = { ...this.#state.events };
		for (const type of EVENT_TYPES) this.#state.events[type] = events[type] ?? this.#state.events[type];
		this.changes.push({ type: "events", before, after: { ...this.#state.events } });
	}

	// ---- what is told

	#tell(before: ThingJobs, result: Result): void {
		const { state, deleted } = result;
		const { thingName } = state;
		const notices = noticesOf(result, this.#context.now, (execution) =>
			executionWithUrls(execution, (...handedOut) => this.#withUrls(...handedOut)),
		);
		for (const notice of notices) this.messages.push({ type: "notice", ...notice });
		if (deleted !== undefined) return this.#tellOfExecution(thingName, deleted, true);
		for (const execution of changedExecutions(before, state)) {
			this.messages.push({ type: "execution", thingName, execution });
			this.#tellOfExecution(thingName, execution, false);
		}
	}

	#tellOfExecution(thingName: string, execution: Execution, isDeleted: boolean): void {
		if (!this.#state.events.JOB_EXECUTION) return;
		const event = executionEvent(thingName, execution, isDeleted, this.#stamp());
		if (event !== undefined) this.messages.push({ type: "event", ...event });
	}

	#tellOfJob(job: Job, name: JobEventName | undefined): void {
		if (name === undefined || !this.#state.events.JOB) return;
		this.messages.push({ type: "event", ...jobEvent(job, name, this.#stamp()) });
	}

	#stamp(): Stamp {
		return { eventId: randomUUID(), timestamp: seconds(this.#context.now) };
	}

	/** A document as the device gets it. */
	#withUrls(jobId: string, document: JobDocument): JobDocument {
		return documentWithUrls(document, this.#context.presign, this.#state.jobs.get(jobId));
	}
}
