import { type Answer, readAnswer } from "../protocol/answers.js";
import { NO_MATCH, Operation, Outcome, operationOf, outcomeOf, TopicParser } from "../protocol/topics.js";
import type { Counters } from "./events.js";
import type { PendingRequest } from "./request.js";

/** Whom the inbox tells what a message means. */
export interface InboxHost {
	readonly counters: Counters;
	log(text: string): void;
	/** Which execution is next has changed. @param next undefined when the message was larger than the buffer */
	notified(next: Answer | undefined): void;
	/** The request in flight is answered. */
	answered(operation: Operation, accepted: boolean, answer: Answer): void;
	answerTooLarge(operation: Operation): void;
}

/**
 * What comes from outside, made sure of: only a topic of exactly this thing, that answers the request in flight with its
 * client token, is an answer. Anything else is logged, and nothing is done about it.
 */
export class Inbox {
	readonly #host: InboxHost;
	readonly #request: PendingRequest;
	readonly #parser: TopicParser;

	constructor(host: InboxHost, request: PendingRequest, thingName: string) {
		this.#host = host;
		this.#request = request;
		this.#parser = new TopicParser(thingName);
	}

	/** The job that is held: see `TopicParser.setJob`. */
	setJob(jobId: string): void {
		this.#parser.setJob(jobId);
	}

	/** A message came. `bytes` is undefined when it was larger than the message buffer. */
	receive(topic: string, bytes: Uint8Array | undefined): void {
		const meaning = this.#parser.parse(topic);
		if (meaning === NO_MATCH) return this.#ignore(`${topic} is no Jobs topic of this thing`);
		const operation = operationOf(meaning);
		if (operation === Operation.Notify || operation === Operation.GetPending) return;
		if (operation === Operation.NotifyNext) return this.#notified(topic, bytes);
		if (operation !== this.#request.operation || !this.#isAboutRequest(meaning, topic)) {
			return this.#ignore(`${topic} answers nothing that was asked`);
		}
		if (bytes === undefined) return this.#host.answerTooLarge(operation);
		const answer = this.#read(topic, bytes);
		if (answer === undefined) return;
		if (answer.clientToken !== this.#request.clientToken) {
			return this.#ignore(`${topic} carries another client token`);
		}
		this.#host.answered(operation, outcomeOf(meaning) === Outcome.Accepted, answer);
	}

	/**
	 * The answer to the request in flight came, over a link that tells by itself which request it answers.
	 *
	 * @param payload undefined when it was larger than the message buffer
	 */
	answer(accepted: boolean, payload: string | undefined): void {
		const { operation } = this.#request;
		if (operation === undefined) return;
		if (payload === undefined) return this.#host.answerTooLarge(operation);
		const answer = readAnswer(payload);
		if (answer === undefined) this.#ignore("the answer is not one of the Jobs service");
		else this.#host.answered(operation, accepted, answer);
	}

	#notified(topic: string, bytes: Uint8Array | undefined): void {
		if (bytes === undefined) return this.#host.notified(undefined);
		const next = this.#read(topic, bytes);
		if (next !== undefined) this.#host.notified(next);
	}

	#read(topic: string, bytes: Uint8Array): Answer | undefined {
		let answer: Answer | undefined;
		try {
			answer = readAnswer(String.fromArrayBuffer(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength));
		} catch {
			return this.#ignore(`the payload on ${topic} is not UTF-8`);
		}
		return answer ?? this.#ignore(`the payload on ${topic} is not a Jobs answer or notification`);
	}

	#isAboutRequest(meaning: number, topic: string): boolean {
		const { jobId } = this.#request;
		return jobId === "" || this.#parser.isJob(meaning, topic, jobId, jobId.length);
	}

	#ignore(why: string): undefined {
		this.#host.counters.ignored += 1;
		this.#host.log(`ignored: ${why}`);
	}
}
