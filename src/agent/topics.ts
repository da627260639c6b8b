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

/**
 * Tells what a received topic means. The answer is left in the parser's own fields, so that nothing is allocated;
 * it is valid until the next call of `parse`.
 */
export class TopicParser {
	/** What the topic belongs to; meaningful only after `parse` returned true. */
	operation: Operation = Operation.Notify;
	outcome: Outcome = Outcome.None;
	/** Where the job id lies in the topic, in characters: `[jobIdStart, jobIdEnd)`; both 0 where there is none. */
	jobIdStart = 0;
	jobIdEnd = 0;

	readonly #base: string;
	readonly #baseLength: number;
	readonly #notify: string;
	readonly #notifyNext: string;
	readonly #getAccepted: string;
	readonly #getRejected: string;
	readonly #startNextAccepted: string;
	readonly #startNextRejected: string;

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

	/**
	 * @returns false when the topic is not one that the Jobs service sends to exactly this thing. The characters of
	 * the job id are not checked: compare it with `isJob`, which is exact.
	 */
	parse(topic: string): boolean {
		this.jobIdStart = this.jobIdEnd = 0;
		// What is heard most comes first; a job's own topics need the base, so one test of it sends strangers away.
		if (topic === this.#notifyNext) return this.#is(Operation.NotifyNext, Outcome.None);
		if (!startsWith.call(topic, this.#base)) return false;
		return this.#ofJob(topic) || this.#ofThing(topic);
	}

	/** Whether the topic just parsed names this job. `jobId` must be the id whole, `length` its length. */
	isJob(topic: string, jobId: string, length: number): boolean {
		return this.jobIdEnd - this.jobIdStart === length && startsWith.call(topic, jobId, this.jobIdStart);
	}

	#ofThing(topic: string): boolean {
		if (topic === this.#startNextAccepted) return this.#is(Operation.StartNext, Outcome.Accepted);
		if (topic === this.#startNextRejected) return this.#is(Operation.StartNext, Outcome.Rejected);
		if (topic === this.#notify) return this.#is(Operation.Notify, Outcome.None);
		if (topic === this.#getAccepted) return this.#is(Operation.GetPending, Outcome.Accepted);
		if (topic === this.#getRejected) return this.#is(Operation.GetPending, Outcome.Rejected);
		return false;
	}

	#ofJob(topic: string): boolean {
		const start = this.#baseLength;
		const slash = indexOf.call(topic, "/", start);
		const length = slash - start;
		if (length < 1 || length > MAX_JOB_ID_LENGTH) return false;
		if (ends(topic, "/update/accepted", slash)) return this.#isOfJob(Operation.Update, Outcome.Accepted, slash);
		if (ends(topic, "/get/accepted", slash)) return this.#isOfJob(Operation.Describe, Outcome.Accepted, slash);
		if (ends(topic, "/update/rejected", slash)) return this.#isOfJob(Operation.Update, Outcome.Rejected, slash);
		if (ends(topic, "/get/rejected", slash)) return this.#isOfJob(Operation.Describe, Outcome.Rejected, slash);
		return false;
	}

	#isOfJob(operation: Operation, outcome: Outcome, slash: number): boolean {
		this.jobIdStart = this.#baseLength;
		this.jobIdEnd = slash;
		return this.#is(operation, outcome);
	}

	#is(operation: Operation, outcome: Outcome): boolean {
		this.operation = operation;
		this.outcome = outcome;
		return true;
	}
}

/**
 * Whether `tail` begins at `at` and the topic ends with it. The topic's length cannot be read without allocating:
 * but if the topic ends with the tail, and the tail's last occurrence begins at `at`, then nothing follows it.
 */
function ends(topic: string, tail: string, at: number): boolean {
	return startsWith.call(topic, tail, at) && endsWith.call(topic, tail) && lastIndexOf.call(topic, tail) === at;
}
