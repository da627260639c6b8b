import { type Answer, readAnswer, TOO_DEEP, toBytes } from "../protocol/answers.js";
import type { MemberNames } from "../protocol/members.js";
import { Operation } from "../protocol/topics.js";
import type { Application } from "./application.js";
import type { Sender } from "./sender.js";

/** Called as it is, it boxes no string: `topic.startsWith` would take two slots. */
const { startsWith } = String.prototype;

const NOTHING = 0;
const ACCEPTED = 1;
const REJECTED = 2;
const NOTICE = 3;
type Kind = typeof NOTHING | typeof ACCEPTED | typeof REJECTED | typeof NOTICE;

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
	/** First what is looked at most: XS looks through the properties in order. */
	private readonly request: Sender;
	private readonly application: Application;
	private readonly names: MemberNames;

	constructor(application: Application, request: Sender, names: MemberNames) {
		this.request = request;
		this.application = application;
		this.names = names;
	}

	/**
	 * What a message on this topic is to the agent. The topics that are awaited are known strings, and `===` is what costs XS least:
	 * it takes no memory, and less time than a look into a map.
	 */
	kindOf(topic: string): Kind {
		// Not by destructuring, which takes more instructions.
		const request = this.request;
		if (topic === request.accepted) return ACCEPTED;
		if (topic === request.topics.notifyNext) return NOTICE;
		return topic === request.rejected ? REJECTED : NOTHING;
	}

	/**
	 * Reads what came over MQTT. Until the answer is parsed this takes no memory: see `kindOf`.
	 *
	 * @param bytes begin with the message
	 * @param byteLength undefined when the message was larger than the message buffer
	 * @returns undefined for a message that the agent has no use for
	 */
	receive(topic: string, bytes: Uint8Array, byteLength: number | undefined): Message | undefined {
		const kind = this.kindOf(topic);
		if (kind === NOTICE) return this.notified(topic, bytes, byteLength);
		if (kind !== NOTHING) return this.answered(kind === ACCEPTED, topic, bytes, byteLength);
		const isOurs = startsWith.call(topic, this.request.topics.base);
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
		const bytes = payload === undefined ? undefined : toBytes(payload);
		const answer = bytes && readAnswer(bytes, bytes.byteLength, this.names);
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
			answer = readAnswer(bytes, byteLength, this.names);
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
