import { type Answer, readAnswer, TOO_DEEP, toBytes } from "../protocol/answers.js";
import { NO_MATCH, Operation, Outcome, operationOf, outcomeOf, TopicParser } from "../protocol/topics.js";
import type { Application } from "./application.js";
import type { Sender } from "./sender.js";

/** A message of the Jobs service: the answer to the request in flight, or (NotifyNext) which execution is next now. */
export interface Message {
	readonly operation: Operation;
	/** Of an answer. */
	readonly accepted: boolean;
	/** undefined when the message was larger than the message buffer, or nested too deep to be parsed. */
	readonly answer: Answer | undefined;
}

/**
 * What comes from outside, made sure of: only a topic of exactly this thing, that answers the request in flight with its
 * client token, is an answer. Anything else is logged and counted, and nothing is done about it.
 */
export class Inbox {
	private readonly application: Application;
	private readonly request: Sender;
	private readonly parser: TopicParser;

	constructor(application: Application, request: Sender, thingName: string) {
		this.application = application;
		this.request = request;
		this.parser = new TopicParser(thingName);
	}

	/** The job that is held: see `TopicParser.setJob`. */
	setJob(jobId: string): void {
		this.parser.setJob(jobId);
	}

	/**
	 * Reads what came over MQTT.
	 *
	 * @param bytes undefined when the message was larger than the message buffer
	 * @returns undefined for a message that the agent has no use for
	 */
	receive(topic: string, bytes: Uint8Array | undefined): Message | undefined {
		const meaning = this.parser.parse(topic);
		if (meaning === NO_MATCH) return this.ignore(`${topic} is no Jobs topic of this thing`);
		const operation = operationOf(meaning);
		if (operation === Operation.Notify || operation === Operation.GetPending) return undefined;
		const isNotice = operation === Operation.NotifyNext;
		if (!isNotice && !this.isAboutRequest(operation, meaning, topic)) {
			return this.ignore(`${topic} answers nothing that was asked`);
		}
		const accepted = outcomeOf(meaning) === Outcome.Accepted;
		if (bytes === undefined) return { operation, accepted, answer: undefined };
		const answer = this.read(topic, bytes);
		if (answer === undefined) return undefined;
		if (answer === TOO_DEEP) return this.tooDeep(operation, accepted);
		if (!isNotice && answer.clientToken !== this.request.clientToken) {
			return this.ignore(`${topic} carries another client token`);
		}
		return { operation, accepted, answer };
	}

	/** Reads what came over HTTPS, where the link itself knows that it answers the request in flight. See `LinkHost.answer`. */
	answer(accepted: boolean, payload: string | undefined): Message | undefined {
		const { operation } = this.request;
		if (operation === undefined) return undefined;
		const answer = payload === undefined ? undefined : readAnswer(toBytes(payload));
		if (answer === TOO_DEEP) return this.tooDeep(operation, accepted);
		if (payload !== undefined && answer === undefined) return this.ignore("the answer is not one of the Jobs service");
		return { operation, accepted, answer };
	}

	/** Who sends it cannot be told by its client token: that would take a parser. */
	private tooDeep(operation: Operation, accepted: boolean): Message {
		this.application.log("the message is nested too deep to be parsed");
		return { operation, accepted, answer: undefined };
	}

	private read(topic: string, bytes: Uint8Array): Answer | typeof TOO_DEEP | undefined {
		let answer: Answer | typeof TOO_DEEP | undefined;
		try {
			answer = readAnswer(bytes);
		} catch {
			return this.ignore(`the payload on ${topic} is not UTF-8`);
		}
		return answer ?? this.ignore(`the payload on ${topic} is not a Jobs answer or notification`);
	}

	private isAboutRequest(operation: Operation, meaning: number, topic: string): boolean {
		const { operation: asked, jobId } = this.request;
		return operation === asked && (jobId === "" || this.parser.isJob(meaning, topic, jobId, jobId.length));
	}

	private ignore(why: string): undefined {
		this.application.counters.ignored += 1;
		this.application.log(`ignored: ${why}`);
	}
}
