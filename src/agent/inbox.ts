import { type Answer, readAnswer, TOO_DEEP, toBytes } from "../protocol/answers.js";
import { Operation } from "../protocol/topics.js";
import type { Application } from "./application.js";
import type { Sender } from "./sender.js";

/** Called as it is, it boxes no string: `topic.startsWith` would take two slots. */
const { startsWith } = String.prototype;

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

	constructor(application: Application, request: Sender) {
		this.application = application;
		this.request = request;
	}

	/**
	 * Reads what came over MQTT. Until the answer is parsed this takes no memory: what is awaited is a string that is known, and
	 * `===` is what costs XS least.
	 *
	 * @param bytes begin with the message
	 * @param byteLength undefined when the message was larger than the message buffer
	 * @returns undefined for a message that the agent has no use for
	 */
	receive(topic: string, bytes: Uint8Array, byteLength: number | undefined): Message | undefined {
		const { request } = this;
		if (topic === request.accepted) return this.answered(true, topic, bytes, byteLength);
		if (topic === request.topics.notifyNext) return this.notified(topic, bytes, byteLength);
		if (topic === request.rejected) return this.answered(false, topic, bytes, byteLength);
		const isOurs = startsWith.call(topic, request.topics.base);
		return this.ignore(`${topic} ${isOurs ? "answers nothing that was asked" : "is no Jobs topic of this thing"}`);
	}

	private answered(
		accepted: boolean,
		topic: string,
		bytes: Uint8Array,
		byteLength: number | undefined,
	): Message | undefined {
		const operation = this.request.operation as Operation;
		if (byteLength === undefined) return { operation, accepted, answer: undefined };
		const answer = this.read(topic, bytes, byteLength);
		if (answer === undefined) return undefined;
		if (answer === TOO_DEEP) return this.tooDeep(operation, accepted);
		if (answer.clientToken !== this.request.clientToken) {
			return this.ignore(`${topic} carries another client token`);
		}
		return { operation, accepted, answer };
	}

	private notified(topic: string, bytes: Uint8Array, byteLength: number | undefined): Message | undefined {
		const answer = byteLength === undefined ? undefined : this.read(topic, bytes, byteLength);
		if (answer === TOO_DEEP) return this.tooDeep(Operation.NotifyNext, false);
		if (byteLength !== undefined && answer === undefined) return undefined;
		return { operation: Operation.NotifyNext, accepted: false, answer };
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

	private read(topic: string, bytes: Uint8Array, byteLength: number): Answer | typeof TOO_DEEP | undefined {
		let answer: Answer | typeof TOO_DEEP | undefined;
		try {
			answer = readAnswer(bytes, byteLength);
		} catch {
			return this.ignore(`the payload on ${topic} is not UTF-8`);
		}
		return answer ?? this.ignore(`the payload on ${topic} is not a Jobs answer or notification`);
	}

	private ignore(why: string): undefined {
		this.application.counters.ignored += 1;
		this.application.log(`ignored: ${why}`);
	}
}
