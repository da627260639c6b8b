// The request in flight: sent, sent again, given up. For the engine.
import Timer from "timer";
import { Backoff } from "../base/backoff.js";
import { LogLevel } from "../base/log.js";
import { later } from "../base/timer.js";
import type { DeviceStatus } from "../protocol/messages.js";
import type { ExecutionRecord } from "../protocol/record.js";
import { describeBody, startNextBody, updateBody } from "../protocol/requests.js";
import { Operation, Topics } from "../protocol/topics.js";
import type { Application } from "./application.js";
import type { JobsRequest, Link } from "./link.js";
import { DEFAULT_STEP_MINUTES, type EngineOptions } from "./options.js";

/** AWS gives no figure for how long an answer may take; a cellular round trip with a lost packet stays below this. */
const TIMEOUT_MS = 10_000;
/** How often a request is sent before the connection is given up as dead. */
const MAX_SENDS = 3;
/** So many requests may follow each other at once before a report is taken. */
const FREE_REQUESTS = 10;
/** Between two requests when the service is too busy, or those before have achieved nothing. */
const RETRY_BASE_MS = 1_000;
const RETRY_CAP_MS = 60_000;

/** Asked from the machine's own loop, after `Sender.soon`: what is to be sent now? */
export interface TurnOwner {
	turn(): void;
}

/**
 * Sends the three requests that the agent makes, one at a time: the first seven members are the one in flight. It is sent
 * again, word for word, when no answer comes.
 */
export class Sender implements JobsRequest {
	/** The topics on which its answer is awaited: first what is looked at most, since XS looks through the properties in order. */
	accepted: string | undefined = undefined;
	rejected: string | undefined = undefined;
	operation: Operation | undefined = undefined;
	clientToken = "";
	/** The job that was asked about; "" for StartNext. */
	jobId = "";
	topic = "";
	/** JSON */
	payload = "";
	/** undefined while there is no connection. */
	link: Link | undefined = undefined;
	readonly topics: Topics;
	private readonly application: Application;
	private readonly stepMinutes: number;
	private readonly owner: TurnOwner;
	private readonly backoff = new Backoff(RETRY_BASE_MS, RETRY_CAP_MS);
	/** Questions that were asked since the start, for their client tokens. */
	private questions = 0;
	/** Questions and reports since the service took a report. */
	private fruitless = 0;
	private sends = 0;
	private answerTimer: Timer | undefined = undefined;
	private turnTimer: Timer | undefined = undefined;
	private retryTimer: Timer | undefined = undefined;

	constructor(application: Application, options: EngineOptions, owner: TurnOwner) {
		this.application = application;
		this.topics = new Topics(options.thingName);
		this.stepMinutes = options.stepTimeoutMinutes ?? DEFAULT_STEP_MINUTES;
		this.owner = owner;
	}

	/** Whether no request is in flight. */
	get idle(): boolean {
		return this.operation === undefined;
	}

	/** @returns the link over which a request may be sent now */
	get freeLink(): Link | undefined {
		return this.idle && this.retryTimer === undefined ? this.link : undefined;
	}

	/**
	 * There may be something to send. It is sent from the machine's own loop, and not from within whatever called: the
	 * network's frames would lie below the agent's, on a stack that has 512 slots on the chip.
	 */
	soon(): void {
		this.turnTimer ??= later(this, this.turn, 0, this.application);
	}

	startNext(): void {
		this.send(Operation.StartNext, this.topics.startNext, "", startNextBody(this.stepMinutes, this.token()));
	}

	/** @param executionNumber undefined for the job id `$next` */
	describe(jobId: string, executionNumber: number | undefined, includeJobDocument: boolean): void {
		const body = describeBody(executionNumber, includeJobDocument, this.token());
		this.send(Operation.Describe, this.topics.describe(jobId), jobId, body);
	}

	/** Reports what the record says is pending. */
	update(record: ExecutionRecord, status: DeviceStatus): void {
		const { jobId } = record;
		this.send(Operation.Update, this.topics.update(jobId), jobId, updateBody(record, status, this.stepMinutes));
	}

	/** An answer came. */
	done(): void {
		Timer.clear(this.answerTimer);
		this.answerTimer = undefined;
		this.operation = this.accepted = this.rejected = undefined;
		this.clientToken = this.jobId = this.topic = this.payload = "";
	}

	disconnected(): void {
		this.link = undefined;
		this.done();
	}

	/** Nothing is sent for a while: longer each time, until `achieved`. */
	retryLater(): void {
		this.retryTimer ??= later(this, this.retry, this.backoff.next(), this.application);
	}

	/** The service has taken a report. Nothing else counts: whatever it says besides, it may say for ever. */
	achieved(): void {
		this.fruitless = 0;
		this.backoff.reset();
		Timer.clear(this.retryTimer);
		this.retryTimer = undefined;
	}

	private turn(): void {
		this.turnTimer = undefined;
		this.owner.turn();
	}

	private retry(): void {
		this.retryTimer = undefined;
		this.soon();
	}

	private token(): string {
		this.questions += 1;
		return `q${this.questions}`;
	}

	private send(operation: Operation, topic: string, jobId: string, body: { clientToken: string }): void {
		this.operation = operation;
		this.clientToken = body.clientToken;
		this.jobId = jobId;
		this.topic = topic;
		this.accepted = `${topic}/accepted`;
		this.rejected = `${topic}/rejected`;
		this.payload = JSON.stringify(body);
		this.sends = 0;
		this.fruitless += 1;
		if (this.fruitless > FREE_REQUESTS) this.retryLater();
		this.application.counters.requests += 1;
		this.application.log(`> ${topic} ${this.payload}`, LogLevel.debug);
		this.sendAgain();
	}

	private sendAgain(): void {
		this.sends += 1;
		if (this.sends > 1) this.application.counters.resends += 1;
		this.answerTimer = later(this, this.unanswered, TIMEOUT_MS, this.application);
		this.link?.send(this);
	}

	private unanswered(): void {
		this.answerTimer = undefined;
		if (this.sends < MAX_SENDS) return this.sendAgain();
		this.done();
		this.link?.reconnect("no answer from the Jobs service");
	}
}
