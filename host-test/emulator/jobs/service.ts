import { EventEmitter } from "node:events";
import type { JobDocument, JobExecution } from "../../../src/protocol/messages.js";
import type { Clock } from "../../clock.js";
import { groupArn, parseTarget, thingArn } from "../registry/arn.js";
import type { Registry } from "../registry/things.js";
import { Journal } from "../store/journal.js";
import { readSnapshot, type Snapshot, takeSnapshot } from "../store/snapshot.js";
import type { Store } from "../store/store.js";
import { type Execution, isTerminal, type Retries, seconds, show } from "./execution.js";
import {
	applyToJob,
	createJob,
	type Job,
	type JobCommand,
	type JobEvent,
	type JobOptions,
	type JobResult,
	type JobUpdate,
	nextJobDeadline,
	type Transition,
} from "./job.js";
import { retriesOf } from "./job-config.js";
import { EVENT_TYPES, type EventType, executionEvent, type FleetEvent, jobEvent } from "./job-events.js";
import { DEFAULT_EXPIRES_IN_SEC, type Presign, withPresignedUrls } from "./presigned.js";
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
} from "./thing-jobs.js";

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

/** A job in short: what tests and the command line say of one. */
export type NewJob = Partial<JobOptions> & {
	readonly jobId: string;
	/** Names of things, or ARNs of things and groups. */
	readonly targets: readonly string[];
	readonly document: JobDocument;
	readonly inProgressTimeoutInMinutes?: number | undefined;
	readonly retries?: Retries | undefined;
	/** How long the presigned URLs in the document are good: 60..3600. */
	readonly expiresInSec?: number | undefined;
};

/** Jobs and things have their timers under different names: a thing's has no slash. */
const timerOf = (jobId: string) => `job/${jobId}`;

/** The state of the Jobs service, and its timers: what the models leave out. */
export class JobsService extends EventEmitter<ServiceEvents> {
	readonly #clock: Clock;
	readonly #registry: Registry;
	readonly #keeper: Journal | undefined;
	/** Makes the presigned URLs in documents; without it placeholders stay as they are. */
	presign: Presign | undefined;
	#things = new Map<string, ThingJobs>();
	#jobs = new Map<string, Job>();
	#events: Record<EventType, boolean> = { JOB: false, JOB_EXECUTION: false };
	readonly #timers = new Map<string, () => void>();

	/** @param store where the state is kept; without one it goes with the process */
	constructor(clock: Clock, registry: Registry, store?: Store) {
		super();
		this.#clock = clock;
		this.#registry = registry;
		this.#keeper = store && new Journal(store);
		registry.on("added", (thingName) => this.#addThing(thingName));
		registry.on("removed", (thingName) => this.#removeThing(thingName));
		registry.on("regrouped", (...change) => this.#regrouped(...change));
		for (const { thingName } of registry.things()) this.#addThing(thingName);
	}

	/** Goes on where the store says that the service was. Called once, when those who listen are there. */
	load(): void {
		if (this.#keeper === undefined) return;
		const { things, jobs, events } = this.#keeper.load(this.#things.keys());
		this.#resume(things, jobs, events);
	}

	/** Whole seconds since the epoch. */
	get timestamp(): number {
		return seconds(this.#clock.now());
	}

	#addThing(thingName: string): void {
		if (!this.#things.has(thingName)) this.#things.set(thingName, emptyThing(thingName));
	}

	hasThing(thingName: string): boolean {
		return this.#things.has(thingName);
	}

	/** @throws when a target is not known, the job id is taken or malformed, or the document too long */
	createJob(options: NewJob): Job {
		const { jobId, document, inProgressTimeoutInMinutes, retries, expiresInSec, ...others } = options;
		if (!/^[a-zA-Z0-9_-]{1,64}$/.test(jobId))
			throw new Error(`job id ${JSON.stringify(jobId)}: 1 to 64 of a-z A-Z 0-9 _ -`);
		if (this.#jobs.has(jobId)) throw new Error(`job ${jobId} exists`);
		const targets = [...new Set(options.targets)].map((target) => this.#asTarget(target));
		const { length } = JSON.stringify(document);
		if (length > MAX_DOCUMENT_LENGTH) {
			throw new Error(`the document has ${length} characters; at most ${MAX_DOCUMENT_LENGTH} are allowed`);
		}
		const criteriaList = Object.entries(retries ?? {}).map(([failureType, numberOfRetries]) => ({
			failureType: failureType as "FAILED",
			numberOfRetries,
		}));
		const job: JobOptions = {
			targetSelection: "SNAPSHOT",
			...(inProgressTimeoutInMinutes !== undefined && { timeoutConfig: { inProgressTimeoutInMinutes } }),
			...(expiresInSec !== undefined && { presignedUrlConfig: { expiresInSec } }),
			...(criteriaList.length > 0 && { jobExecutionsRetryConfig: { criteriaList } }),
			...others,
			jobId,
			document,
			targets,
		};
		this.#setJob(createJob(job, this.#registry.resolve(targets), this.#clock.now()));
		this.#advance(jobId);
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
		const { rejected } = this.#applyToJob(jobId, { type: "update", change });
		if (rejected === undefined) this.#advance(jobId);
		return rejected;
	}

	/** More targets for a CONTINUOUS job: their things get it. @returns the rejection, if it cannot be done */
	associateTargets(jobId: string, added: readonly string[], comment: string | undefined): JobResult["rejected"] {
		const before = this.#job(jobId).targets;
		const targets = added.map((target) => this.#asTarget(target));
		const { rejected } = this.#applyToJob(jobId, { type: "associate", targets, comment });
		if (rejected !== undefined) return rejected;
		const known = new Set(this.#registry.resolve(before));
		const things = this.#registry.resolve(targets).filter((thingName) => !known.has(thingName));
		this.#applyToJob(jobId, { type: "join", things });
		this.#advance(jobId);
		return undefined;
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
		return this.#applyToJob(jobId, { type: "cancel", ...command }).rejected;
	}

	/** The job and all of its executions are gone after that. @returns the rejection, if it cannot be done */
	deleteJob(jobId: string, force: boolean): JobResult["rejected"] {
		const { rejected, events } = applyToJob(this.#job(jobId), { type: "delete", force }, this.#clock.now());
		if (rejected !== undefined) return rejected;
		const [first, last] = events;
		this.#setJob({ ...this.#job(jobId), status: "DELETION_IN_PROGRESS", lastUpdatedAt: this.#clock.now() });
		this.#tellJob(this.#job(jobId), first);
		this.#tellJob(this.#deleteAll(this.#job(jobId)), last);
		return undefined;
	}

	/** @returns the job as it was last */
	#deleteAll(job: Job): Job {
		for (const thingName of this.#rolledOut(job)) this.#deleteExecutions(thingName, job.jobId);
		const deleted = this.#job(job.jobId);
		this.#forgetJob(deleted);
		return deleted;
	}

	/** The things that have had an execution of the job, each once. */
	thingsOf(jobId: string): string[] {
		return this.#rolledOut(this.#job(jobId));
	}

	/** Which events are told. All are off at first, as on AWS. */
	get eventConfigurations(): Readonly<Record<EventType, boolean>> {
		return this.#events;
	}

	configureEvents(events: Partial<Record<EventType, boolean>>): void {
		for (const type of EVENT_TYPES) this.#events[type] = events[type] ?? this.#events[type];
		this.#keeper?.keepEvents(this.#events);
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
			// Before it is answered: what was said is still true after the process was killed.
			this.#keeper?.keepThing(before, result.state);
			this.#schedule(result.state);
		}
		answer(this.#presigned(result));
		this.#tell(before, result);
	}

	/** Starts again from its state, as a process does that was ended and finds it on disk. */
	restart(): void {
		this.close();
		const { things, jobs, events } = readSnapshot(JSON.parse(JSON.stringify(this.snapshot())));
		this.#resume(things, jobs, events);
	}

	snapshot(): Snapshot {
		return takeSnapshot({ things: this.#things, jobs: this.#jobs, events: this.#events });
	}

	/** Stops the timers. */
	close(): void {
		for (const cancel of this.#timers.values()) cancel();
		this.#timers.clear();
	}

	/** Goes on from a state: what was due meanwhile is done at once. */
	#resume(things: Map<string, ThingJobs>, jobs: Map<string, Job>, events: Record<EventType, boolean>): void {
		this.#things = things;
		this.#jobs = jobs;
		this.#events = events;
		for (const thing of things.values()) this.#schedule(thing);
		for (const job of [...jobs.values()]) {
			// What was begun and not done when the process was killed.
			if (job.status === "CANCELED") this.#cancelExecutions(job, job.forceCanceled);
			if (job.status === "DELETION_IN_PROGRESS") this.#deleteAll(job);
			this.#scheduleJob(job.jobId);
		}
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
		const { expiresInSec = DEFAULT_EXPIRES_IN_SEC } = this.#jobs.get(jobId)?.presignedUrlConfig ?? {};
		return { ...execution, jobDocument: withPresignedUrls(jobDocument, this.presign, expiresInSec) };
	}

	#job(jobId: string): Job {
		const job = this.#jobs.get(jobId);
		if (job === undefined) throw new Error(`job ${jobId} does not exist`);
		return job;
	}

	/** A thing's name stands for its ARN. @throws when there is no such thing or group */
	#asTarget(target: string): string {
		const parsed = parseTarget(target) ?? { kind: "thing" as const, name: target };
		const { kind, name } = parsed;
		if (kind === "group" && !this.#registry.hasGroup(name)) throw new Error(`thing group ${name} does not exist`);
		if (kind === "thing" && !this.#things.has(name)) throw new Error(`thing ${name} does not exist`);
		return kind === "thing" ? thingArn(name) : groupArn(name);
	}

	/** Carries a command on a job out, and what follows from it for its executions. */
	#applyToJob(jobId: string, command: JobCommand): JobResult {
		const result = applyToJob(this.#job(jobId), command, this.#clock.now());
		const { job, events, cancel } = result;
		if (job !== this.#jobs.get(jobId)) this.#setJob(job);
		if (cancel === undefined) {
			for (const event of events) this.#tellJob(job, event);
			return result;
		}
		const [first, last] = events;
		this.#tellJob(job, first);
		this.#cancelExecutions(job, cancel.force);
		this.#tellJob(this.#jobs.get(jobId) ?? job, last);
		return result;
	}

	#cancelExecutions(job: Job, force: boolean): void {
		const { jobId } = job;
		for (const thingName of this.#rolledOut(job)) {
			this.execute(thingName, { type: "stopRetries", jobId });
			this.execute(thingName, { type: "cancel", jobId, force });
		}
	}

	/** Rolls out what is due now, and looks again when something is due. */
	#advance(jobId: string): void {
		while (this.#jobs.has(jobId) && this.#rollOut(jobId)) {}
		this.#scheduleJob(jobId);
	}

	/** That a thing has had its turn is kept together with its execution. @returns whether any thing has had its turn */
	#rollOut(jobId: string): boolean {
		let any = false;
		const turn = () => {
			const { queue = [] } = this.#applyToJob(jobId, { type: "tick" });
			for (const thingName of queue) this.#queue(this.#job(jobId), thingName);
			any = queue.length > 0;
		};
		if (this.#keeper === undefined) turn();
		else this.#keeper.together(turn);
		return any;
	}

	#queue(job: Job, thingName: string): void {
		const { jobId, document, timeoutConfig, jobExecutionsRetryConfig, targetSelection, targets } = job;
		const latest = this.execution(thingName, jobId);
		if (latest !== undefined && !isTerminal(latest.status)) return; // it has left and come back before its turn
		const groups = this.#registry.allGroupsOf(thingName);
		// What is no target any more when its turn comes gets nothing.
		if (targetSelection === "CONTINUOUS" && !this.#registry.isTargeted(targets, thingName, groups)) return;
		const { inProgressTimeoutInMinutes } = timeoutConfig ?? {};
		const retries = retriesOf(jobExecutionsRetryConfig);
		this.execute(thingName, { type: "queue", jobId, document, inProgressTimeoutInMinutes, retries });
	}

	#rolledOut({ members, rolledOut }: Job): string[] {
		return [...new Set(members.slice(0, rolledOut))];
	}

	#deleteExecutions(thingName: string, jobId: string): void {
		for (let execution = this.execution(thingName, jobId); execution; execution = this.execution(thingName, jobId)) {
			const { executionNumber } = execution;
			this.execute(thingName, { type: "delete", jobId, executionNumber, force: true });
		}
	}

	/** A thing's groups have changed: continuous jobs come to it, or leave it. */
	#regrouped(thingName: string, before: ReadonlySet<string>, after: ReadonlySet<string>): void {
		for (const { jobId, targets, targetSelection, status } of [...this.#jobs.values()]) {
			if (targetSelection !== "CONTINUOUS" || (status !== "IN_PROGRESS" && status !== "SCHEDULED")) continue;
			const was = this.#registry.isTargeted(targets, thingName, before);
			const is = this.#registry.isTargeted(targets, thingName, after);
			if (was && !is) this.execute(thingName, { type: "remove", jobId });
			if (was || !is) continue;
			this.#applyToJob(jobId, { type: "join", things: [thingName] });
			this.#advance(jobId);
		}
	}

	/** A thing that is deleted takes its executions with it, which may complete a job. */
	#removeThing(thingName: string): void {
		for (const { jobId } of this.executions(thingName)) this.#deleteExecutions(thingName, jobId);
		this.#timers.get(thingName)?.();
		this.#timers.delete(thingName);
		this.#things.delete(thingName);
		this.#keeper?.forgetThing(thingName);
		for (const { jobId, members } of [...this.#jobs.values()]) if (members.includes(thingName)) this.#advance(jobId);
	}

	#setJob(job: Job): void {
		const before = this.#jobs.get(job.jobId);
		this.#jobs.set(job.jobId, job);
		this.#keeper?.keepJob(job, before);
	}

	#forgetJob({ jobId }: Job): void {
		this.#jobs.delete(jobId);
		this.#timers.get(timerOf(jobId))?.();
		this.#timers.delete(timerOf(jobId));
		this.#keeper?.forgetJob(jobId);
	}

	#tellJob(job: Job, event: JobEvent | undefined): void {
		if (event !== undefined && this.#events.JOB) this.emit("fleet", jobEvent(job, event, this.timestamp));
	}

	#scheduleJob(jobId: string): void {
		const now = this.#clock.now();
		const job = this.#jobs.get(jobId);
		const name = timerOf(jobId);
		this.#timers.get(name)?.();
		this.#timers.delete(name);
		const deadline = job && nextJobDeadline(job, now);
		if (deadline === undefined) return;
		const fire = () => {
			this.#timers.delete(name);
			this.#advance(jobId);
		};
		this.#timers.set(name, this.#clock.after(Math.max(0, deadline - now), fire));
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
		this.#applyToJob(jobId, { type: "execution", transition });
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
