/**
 * The topics of AWS IoT Jobs for one thing: built once, recognised without allocating.
 *
 * Source of the topics: AWS IoT developer guide, "Jobs MQTT API operations" and "Reserved topics".
 *
 * On XS, reading any property of a primitive string (`topic.length`, `topic[i]`, `topic.startsWith(...)`) boxes the
 * string and costs two heap slots. A native held in a constant and entered through `.call` costs none, and neither
 * does `===`. The parser is written with those two alone.
 */

export const Operation = {
	GetPending: 1,
	StartNext: 2,
	Describe: 3,
	Update: 4,
	Notify: 5,
	NotifyNext: 6,
} as const;
export type Operation = (typeof Operation)[keyof typeof Operation];

export const Outcome = {
	/** A notification: neither accepted nor rejected. */
	None: 0,
	Accepted: 1,
	Rejected: 2,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** AWS: 1..64 characters of `[a-zA-Z0-9_-]` (service model `iot-jobs-data`, JobId). */
export const MAX_JOB_ID_LENGTH = 64;
/** AWS: 1..128 characters of `[a-zA-Z0-9:_-]` (service model `iot-jobs-data`, ThingName). */
export const MAX_THING_NAME_LENGTH = 128;

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

/** The topics that the agent publishes and subscribes to. Each call of a method builds a string: once a job. */
export class Topics {
	readonly base: string;
	readonly startNext: string;
	readonly notifyNext: string;

	constructor(thingName: string) {
		this.base = `$aws/things/${thingName}/jobs/`;
		this.startNext = `${this.base}start-next`;
		this.notifyNext = `${this.base}notify-next`;
	}

	describe(jobId: string): string {
		return `${this.base}${jobId}/get`;
	}

	update(jobId: string): string {
		return `${this.base}${jobId}/update`;
	}
}

/** What a topic means. The parser owns it: it is valid until the next call of `parse`. */
export class TopicMatch {
	operation: Operation;
	outcome: Outcome;
	/** Where the job id lies in the topic, in characters: `[jobIdStart, jobIdEnd)`; both 0 where there is none. */
	jobIdStart = 0;
	jobIdEnd = 0;

	constructor(operation: Operation, outcome: Outcome) {
		this.operation = operation;
		this.outcome = outcome;
	}

	/** Whether the topic that was parsed names this job. `length` is the id's length, which costs two slots to ask. */
	isJob(topic: string, jobId: string, length: number): boolean {
		return this.jobIdEnd - this.jobIdStart === length && startsWith.call(topic, jobId, this.jobIdStart);
	}
}

/**
 * Tells what a received topic means, without allocating: what the answer points to was made with the parser.
 *
 * A comparison costs XS least of all, so what is heard most is compared whole: the notification, the answer to StartNext,
 * and the answers about the job that is held (`setJob`).
 */
export class TopicParser {
	readonly #base: string;
	readonly #baseLength: number;
	readonly #notify: string;
	readonly #notifyNext: string;
	readonly #getAccepted: string;
	readonly #getRejected: string;
	readonly #startNextAccepted: string;
	readonly #startNextRejected: string;
	/** Of the job that is held. Undefined equals no topic; "" would equal the empty one. */
	#updateAccepted: string | undefined = undefined;
	readonly #onUpdateAccepted = new TopicMatch(Operation.Update, Outcome.Accepted);
	readonly #onNotifyNext = new TopicMatch(Operation.NotifyNext, Outcome.None);
	readonly #onStartNextAccepted = new TopicMatch(Operation.StartNext, Outcome.Accepted);
	/** For all that is heard less. */
	readonly #match = new TopicMatch(Operation.Notify, Outcome.None);

	constructor(thingName: string) {
		const base = `$aws/things/${thingName}/jobs/`;
		this.#base = base;
		this.#baseLength = base.length;
		this.#notify = `${base}notify`;
		this.#notifyNext = `${base}notify-next`;
		this.#getAccepted = `${base}get/accepted`;
		this.#getRejected = `${base}get/rejected`;
		this.#startNextAccepted = `${base}start-next/accepted`;
		this.#startNextRejected = `${base}start-next/rejected`;
	}

	/** Once a job: its answers are then the cheapest to know. */
	setJob(jobId: string): void {
		this.#updateAccepted = this.#base + jobId + UPDATE_ACCEPTED;
		this.#onUpdateAccepted.jobIdStart = this.#baseLength;
		this.#onUpdateAccepted.jobIdEnd = this.#baseLength + jobId.length;
	}

	/**
	 * @returns undefined when the topic is not one that the Jobs service sends to exactly this thing. The characters of the
	 * job id are not checked: compare it with `isJob`, which is exact.
	 */
	parse(topic: string): TopicMatch | undefined {
		if (topic === this.#updateAccepted) return this.#onUpdateAccepted;
		if (topic === this.#notifyNext) return this.#onNotifyNext;
		if (topic === this.#startNextAccepted) return this.#onStartNextAccepted;
		if (!startsWith.call(topic, this.#base)) return undefined;
		return this.#ofJob(topic) ?? this.#ofThing(topic);
	}

	#ofThing(topic: string): TopicMatch | undefined {
		if (topic === this.#notify) return this.#is(Operation.Notify, Outcome.None, 0, 0);
		if (topic === this.#startNextRejected) return this.#is(Operation.StartNext, Outcome.Rejected, 0, 0);
		if (topic === this.#getAccepted) return this.#is(Operation.GetPending, Outcome.Accepted, 0, 0);
		if (topic === this.#getRejected) return this.#is(Operation.GetPending, Outcome.Rejected, 0, 0);
		return undefined;
	}

	#ofJob(topic: string): TopicMatch | undefined {
		const start = this.#baseLength;
		const slash = indexOf.call(topic, SLASH, start);
		const length = slash - start;
		if (length < 1 || length > MAX_JOB_ID_LENGTH) return undefined;
		// One look at the first letter behind the slash halves what is compared.
		if (startsWith.call(topic, UPDATE, slash)) {
			if (ends(topic, UPDATE_ACCEPTED, slash)) return this.#is(Operation.Update, Outcome.Accepted, start, slash);
			if (ends(topic, UPDATE_REJECTED, slash)) return this.#is(Operation.Update, Outcome.Rejected, start, slash);
			return undefined;
		}
		if (ends(topic, GET_ACCEPTED, slash)) return this.#is(Operation.Describe, Outcome.Accepted, start, slash);
		if (ends(topic, GET_REJECTED, slash)) return this.#is(Operation.Describe, Outcome.Rejected, start, slash);
		return undefined;
	}

	#is(operation: Operation, outcome: Outcome, jobIdStart: number, jobIdEnd: number): TopicMatch {
		const match = this.#match;
		match.operation = operation;
		match.outcome = outcome;
		match.jobIdStart = jobIdStart;
		match.jobIdEnd = jobIdEnd;
		return match;
	}
}

/**
 * Whether `tail` begins at `at` and the topic ends with it. The topic's length cannot be read without allocating:
 * but if the topic ends with the tail, and the tail's last occurrence begins at `at`, then nothing follows it.
 */
function ends(topic: string, tail: string, at: number): boolean {
	return endsWith.call(topic, tail) && lastIndexOf.call(topic, tail) === at;
}
