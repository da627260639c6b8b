import { randomUUID } from "node:crypto";
import type { JobDocument, JobExecution } from "../../../src/protocol/messages.js";
import { type Milliseconds, seconds } from "../base/time.js";
import { type Execution, isTerminal } from "./execution.js";
import { createJob, type Job, type JobOptions } from "./job.js";
import { applyToJob, type JobCommand, type JobEventName, type JobResult, type JobUpdate } from "./job-commands.js";
import { retriesOf } from "./job-config.js";
import { EVENT_TYPES, type EventType, executionEvent, type JobEvent, jobEvent, type Stamp } from "./job-events.js";
import { type Notice, noticesOf } from "./notices.js";
import { apply, type Command, type Result } from "./operations.js";
import { type Presign, withPresignedUrls } from "./presigned.js";
import type { ServiceState, StateChange } from "./state.js";
import { isTargeted } from "./targets.js";
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
		return this.#answer(command, result);
	}

	/** A thing that is deleted takes its executions with it, which may complete a job. */
	removeThing(thingName: string): void {
		const thing = this.#state.things.get(thingName);
		if (thing === undefined) return;
		for (const jobId of new Set(all(thing).map((execution) => execution.jobId))) {
			this.#deleteExecutions(thingName, jobId);
		}
		const before = this.#state.things.get(thingName) ?? thing;
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
	join(jobId: string, things: readonly string[]): void {
		this.applyToJob(jobId, { type: "join", things });
		this.advance(jobId);
	}

	/** A thing's groups have changed: CONTINUOUS jobs come to it, or leave it. */
	regroup(thingName: string, before: ReadonlySet<string>, after: ReadonlySet<string>): void {
		for (const { jobId, targets, targetSelection, status } of [...this.#state.jobs.values()]) {
			if (targetSelection !== "CONTINUOUS" || (status !== "IN_PROGRESS" && status !== "SCHEDULED")) continue;
			const was = isTargeted(targets, thingName, before);
			const is = isTargeted(targets, thingName, after);
			if (was && !is) this.execute(thingName, { type: "remove", jobId });
			if (!was && is) this.join(jobId, [thingName]);
		}
	}

	/** Rolls out what is due now. */
	advance(jobId: string): void {
		for (let isDue = true; isDue && this.#state.jobs.has(jobId); ) {
			const { queue = [] } = this.applyToJob(jobId, { type: "tick" });
			for (const thingName of queue) this.#queue(this.#job(jobId), thingName);
			isDue = queue.length > 0;
		}
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
		const latest = thing && find(thing, jobId);
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
		const notices = noticesOf(result, this.#context.now, (execution) => this.#toDevice(execution));
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

	/** The result as the device gets it, with presigned URLs. */
	#answer(command: Command, result: Result): Result {
		const { execution, jobDocument } = (result.accepted ?? {}) as {
			execution?: JobExecution;
			jobDocument?: JobDocument;
		};
		if (execution !== undefined) {
			return { ...result, accepted: { ...result.accepted, execution: this.#toDevice(execution) } };
		}
		if (jobDocument === undefined || command.type !== "update") return result;
		return { ...result, accepted: { ...result.accepted, jobDocument: this.#withUrls(command.jobId, jobDocument) } };
	}

	#toDevice(execution: JobExecution): JobExecution {
		const { jobId, jobDocument } = execution;
		return jobDocument === undefined ? execution : { ...execution, jobDocument: this.#withUrls(jobId, jobDocument) };
	}

	#withUrls(jobId: string, document: JobDocument): JobDocument {
		const text = JSON.stringify(document);
		const changed = withPresignedUrls(text, this.#context.presign, this.#state.jobs.get(jobId));
		return changed === text ? document : (JSON.parse(changed) as JobDocument);
	}
}

/** The things that have had their turn, each once. */
export function rolledOutOf({ members, rolledOut }: Job): string[] {
	return [...new Set(members.slice(0, rolledOut))];
}
