import Timer from "timer";
import { LogLevel } from "../base/log.js";
import { later } from "../base/timer.js";
import type { Operation } from "../protocol/topics.js";
import type { Counters } from "./events.js";
import type { JobsRequest, Link } from "./link.js";

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
