import Timer from "timer";
import { later } from "../platform/later.js";
import type { Operation } from "./topics.js";

/** What the engine needs of a connection. */
export interface Link {
	/** @returns false when the message could not be taken now; the request's time limit then brings it again */
	publish(topic: string, payload: string): boolean;
	/** The service answers: the connection is as good as it gets. */
	alive(): void;
	/** Gives the connection up and makes a new one, after a back-off. */
	reconnect(reason: string): void;
	/** Says goodbye, and connects no more. */
	close(): void;
}

/** AWS gives no figure for how long an answer may take; a cellular round trip with a lost packet stays below this. */
const TIMEOUT_MS = 10_000;
/** How often a request is sent before the connection is given up as dead. */
const MAX_SENDS = 3;

/** The one request that may be in flight. It is sent again, word for word, when no answer comes. */
export class Request {
	operation: Operation | undefined = undefined;
	clientToken = "";
	/** The job that was asked about; "" for StartNext. */
	jobId = "";
	#topic = "";
	#payload = "";
	#sends = 0;
	#timer: Timer | undefined = undefined;
	readonly #log: (text: string) => void;
	readonly #onDead: () => void;

	/** @param onDead called when the last send went unanswered */
	constructor(log: (text: string) => void, onDead: () => void) {
		this.#log = log;
		this.#onDead = onDead;
	}

	get active(): boolean {
		return this.operation !== undefined;
	}

	send(link: Link, operation: Operation, topic: string, jobId: string, body: { clientToken: string }): void {
		this.operation = operation;
		this.clientToken = body.clientToken;
		this.jobId = jobId;
		this.#topic = topic;
		this.#payload = JSON.stringify(body);
		this.#sends = 0;
		this.#again(link);
	}

	/** An answer came, or the connection went. */
	done(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
		this.operation = undefined;
		this.clientToken = this.jobId = this.#topic = this.#payload = "";
	}

	#again(link: Link): void {
		this.#sends += 1;
		this.#timer = later(
			() => {
				this.#timer = undefined;
				if (this.#sends < MAX_SENDS) this.#again(link);
				else this.#onDead();
			},
			TIMEOUT_MS,
			this.#log,
		);
		link.publish(this.#topic, this.#payload);
	}
}
