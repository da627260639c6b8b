import Timer from "timer";
import { LogLevel } from "../base/log.js";
import { later } from "../base/timer.js";
import type { Operation } from "../protocol/topics.js";
import type { Counters } from "./events.js";

/** What a link sends. */
export interface JobsRequest {
	readonly operation: Operation | undefined;
	/** The job that is asked about, `$next`, or "" for StartNext. */
	readonly jobId: string;
	readonly topic: string;
	/** JSON */
	readonly payload: string;
}

/** What the engine needs of a connection. */
export interface Link {
	/** Whether the service tells of new executions by itself. */
	readonly notifies: boolean;
	/** The largest message that is received, in bytes; 0 where none comes that was not asked for. */
	readonly messageBytes: number;
	/** @returns false when the message could not be taken now; the request's time limit then brings it again */
	send(request: JobsRequest): boolean;
	/** Sends something else than a request to the Jobs service. @returns false when it cannot be taken now */
	publish(topic: string, payload: Uint8Array): boolean;
	/** The service answers: the connection is as good as it gets. */
	alive(): void;
	/** There is nothing to send, and no execution is held. */
	idle(): void;
	/** Gives the connection up and makes a new one, after a back-off. */
	reconnect(reason: string): void;
	/** Says goodbye, and connects no more. */
	close(): void;
}

/** Whom a link serves. */
export interface LinkHost {
	/** What is subscribed to always. */
	readonly subscription: string;
	/** Where answers are published: AWS, and the emulator's own broker, send them to the client that asked without. */
	readonly answerTopics: readonly string[];
	online(link: Link): void;
	offline(): void;
	/** @param payload valid during the call alone; undefined when the message was larger than the buffer */
	receive(topic: string, payload: Uint8Array | undefined): void;
	/**
	 * The answer to the request that was sent last, over a link that knows which request an answer answers.
	 *
	 * @param payload JSON; undefined when the answer was larger than the buffer
	 */
	answer(accepted: boolean, payload: string | undefined): void;
	log(text: string, level?: LogLevel): void;
}

/** AWS gives no figure for how long an answer may take; a cellular round trip with a lost packet stays below this. */
const TIMEOUT_MS = 10_000;
/** How often a request is sent before the connection is given up as dead. */
const MAX_SENDS = 3;

/** Who asks. */
export interface RequestHost {
	log(text: string, level?: LogLevel): void;
	readonly counters: Counters;
	/** The last send went unanswered. */
	unanswered(): void;
}

/** The one request that may be in flight. It is sent again, word for word, when no answer comes. */
export class PendingRequest implements JobsRequest {
	operation: Operation | undefined = undefined;
	clientToken = "";
	/** The job that was asked about; "" for StartNext. */
	jobId = "";
	topic = "";
	/** JSON */
	payload = "";
	#sends = 0;
	#timer: Timer | undefined = undefined;
	readonly #host: RequestHost;

	constructor(host: RequestHost) {
		this.#host = host;
	}

	get active(): boolean {
		return this.operation !== undefined;
	}

	send(link: Link, operation: Operation, topic: string, jobId: string, body: { clientToken: string }): void {
		this.operation = operation;
		this.clientToken = body.clientToken;
		this.jobId = jobId;
		this.topic = topic;
		this.payload = JSON.stringify(body);
		this.#sends = 0;
		this.#host.counters.requests += 1;
		this.#host.log(`> ${topic} ${this.payload}`, LogLevel.debug);
		this.#again(link);
	}

	/** An answer came, or the connection went. */
	done(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
		this.operation = undefined;
		this.clientToken = this.jobId = this.topic = this.payload = "";
	}

	#again(link: Link): void {
		this.#sends += 1;
		if (this.#sends > 1) this.#host.counters.resends += 1;
		this.#timer = later(
			() => {
				this.#timer = undefined;
				if (this.#sends < MAX_SENDS) this.#again(link);
				else this.#host.unanswered();
			},
			TIMEOUT_MS,
			this.#host,
		);
		link.send(this);
	}
}
