/**
 * Sorts what the Jobs service sends to one thing by its topic, without allocating. The agent itself does not need it: the topics
 * that it waits for are strings that it knows (src/agent/inbox.ts). It is for applications that read other Jobs topics.
 *
 * On XS, reading any property of a primitive string (`topic.length`, `topic[i]`, `topic.startsWith(...)`) boxes the
 * string and costs two heap slots. A native held in a constant and entered through `.call` costs none, and neither
 * does `===`. The parser is written with those two alone.
 */
import { MAX_JOB_ID_LENGTH, Operation } from "./topics.js";

export const Outcome = Object.freeze(
	{
		/** A notification: neither accepted nor rejected. */
		None: 0,
		Accepted: 1,
		Rejected: 2,
	} as const,
	true,
);
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/**
 * Constants, and not literals where they are used: code that was not preloaded makes a new string each time a literal is
 * reached.
 */
const SLASH = "/";
const UPDATE = "/update/";
const UPDATE_ACCEPTED = "/update/accepted";
const UPDATE_REJECTED = "/update/rejected";
const GET_ACCEPTED = "/get/accepted";
const GET_REJECTED = "/get/rejected";

const { endsWith, indexOf, lastIndexOf, startsWith } = String.prototype;

/** The topic is not one that the Jobs service sends to exactly this thing. */
export const NO_MATCH = 0;
/** The topic is about the job that is held: see `setJob`. */
const HELD = 32;

const NOTIFY = meaningOf(Operation.Notify, Outcome.None);
const NOTIFY_NEXT = meaningOf(Operation.NotifyNext, Outcome.None);
const START_NEXT_ACCEPTED = meaningOf(Operation.StartNext, Outcome.Accepted);
const START_NEXT_REJECTED = meaningOf(Operation.StartNext, Outcome.Rejected);
const PENDING_ACCEPTED = meaningOf(Operation.GetPending, Outcome.Accepted);
const PENDING_REJECTED = meaningOf(Operation.GetPending, Outcome.Rejected);
const JOB_UPDATE_ACCEPTED = meaningOf(Operation.Update, Outcome.Accepted);
const JOB_UPDATE_REJECTED = meaningOf(Operation.Update, Outcome.Rejected);
const JOB_GET_ACCEPTED = meaningOf(Operation.Describe, Outcome.Accepted);
const JOB_GET_REJECTED = meaningOf(Operation.Describe, Outcome.Rejected);
const HELD_UPDATE_ACCEPTED = JOB_UPDATE_ACCEPTED | HELD;

function meaningOf(operation: Operation, outcome: Outcome): number {
	return (operation << 2) | outcome;
}

export function operationOf(meaning: number): Operation {
	return ((meaning >> 2) & 7) as Operation;
}

export function outcomeOf(meaning: number): Outcome {
	return (meaning & 3) as Outcome;
}

/**
 * Tells what a received topic means, without allocating: the answer is a number.
 *
 * A comparison costs XS least of all, so what is heard most is compared whole: the notification, and the answers to StartNext
 * and to an update of the job that is held (`setJob`). What else is this thing's, and about that job, is found in a map; a
 * topic about any other job is taken apart.
 */
export class TopicParser {
	/** First what is looked at first: XS looks for a property in the order in which they were made. */
	private updateAccepted: string | undefined = undefined;
	private readonly notifyNext: string;
	private readonly startNextAccepted: string;
	private readonly meanings = new Map<string, number>();
	private readonly base: string;
	private readonly baseLength: number;
	private held = "";
	private heldEnd = 0;
	private end = 0;

	constructor(thingName: string) {
		const base = `$aws/things/${thingName}/jobs/`;
		this.base = base;
		this.baseLength = base.length;
		this.notifyNext = `${base}notify-next`;
		this.startNextAccepted = `${base}start-next/accepted`;
		this.meanings
			.set(`${base}notify`, NOTIFY)
			.set(`${base}start-next/rejected`, START_NEXT_REJECTED)
			.set(`${base}get/accepted`, PENDING_ACCEPTED)
			.set(`${base}get/rejected`, PENDING_REJECTED);
	}

	/** Once a job: its answers are then the cheapest to know. */
	setJob(jobId: string): void {
		const meanings = this.meanings;
		const old = this.base + this.held;
		meanings.delete(old + UPDATE_REJECTED);
		meanings.delete(old + GET_ACCEPTED);
		meanings.delete(old + GET_REJECTED);
		const base = this.base + jobId;
		this.held = jobId;
		this.heldEnd = this.baseLength + jobId.length;
		this.updateAccepted = base + UPDATE_ACCEPTED;
		meanings.set(base + UPDATE_REJECTED, JOB_UPDATE_REJECTED | HELD);
		meanings.set(base + GET_ACCEPTED, JOB_GET_ACCEPTED | HELD);
		meanings.set(base + GET_REJECTED, JOB_GET_REJECTED | HELD);
	}

	/**
	 * @returns the meaning, for `operationOf`, `outcomeOf` and the methods below, or `NO_MATCH`. It is valid until the next
	 * call. The characters of the job id are not checked: compare it with `isJob`, which is exact.
	 */
	parse(topic: string): number {
		if (topic === this.updateAccepted) return HELD_UPDATE_ACCEPTED;
		if (topic === this.notifyNext) return NOTIFY_NEXT;
		if (topic === this.startNextAccepted) return START_NEXT_ACCEPTED;
		const meaning = this.meanings.get(topic);
		if (meaning !== undefined) return meaning;
		return startsWith.call(topic, this.base) ? this.ofJob(topic) : NO_MATCH;
	}

	/** Where the job id begins in a topic that has one, in characters. */
	get jobIdStart(): number {
		return this.baseLength;
	}

	/** Where the job id ends; as it begins, where the topic has none. */
	jobIdEnd(meaning: number): number {
		if ((meaning & HELD) !== 0) return this.heldEnd;
		const operation = operationOf(meaning);
		return operation === Operation.Describe || operation === Operation.Update ? this.end : this.baseLength;
	}

	/** Whether the topic that was parsed names this job. `length` is the id's length, which costs two slots to ask. */
	isJob(meaning: number, topic: string, jobId: string, length: number): boolean {
		const start = this.baseLength;
		return this.jobIdEnd(meaning) - start === length && startsWith.call(topic, jobId, start);
	}

	private ofJob(topic: string): number {
		const start = this.baseLength;
		const slash = indexOf.call(topic, SLASH, start);
		const length = slash - start;
		if (length < 1 || length > MAX_JOB_ID_LENGTH) return NO_MATCH;
		this.end = slash;
		// One look at the first letter behind the slash halves what is compared.
		if (startsWith.call(topic, UPDATE, slash)) {
			if (ends(topic, UPDATE_ACCEPTED, slash)) return JOB_UPDATE_ACCEPTED;
			return ends(topic, UPDATE_REJECTED, slash) ? JOB_UPDATE_REJECTED : NO_MATCH;
		}
		if (ends(topic, GET_ACCEPTED, slash)) return JOB_GET_ACCEPTED;
		return ends(topic, GET_REJECTED, slash) ? JOB_GET_REJECTED : NO_MATCH;
	}
}

/**
 * Whether `tail` begins at `at` and the topic ends with it. The topic's length cannot be read without allocating:
 * but if the topic ends with the tail, and the tail's last occurrence begins at `at`, then nothing follows it.
 */
function ends(topic: string, tail: string, at: number): boolean {
	return endsWith.call(topic, tail) && lastIndexOf.call(topic, tail) === at;
}
