import Timer from "timer";
import { Backoff } from "../base/backoff.js";
import { LogLevel } from "../base/log.js";
import { later } from "../base/timer.js";
import type { Answer } from "../protocol/answers.js";
import type { DeviceStatus } from "../protocol/messages.js";
import { actOn } from "../protocol/rejections.js";
import { describeBody, updateBody } from "../protocol/requests.js";
import { answerFilters, Operation, Topics } from "../protocol/topics.js";
import { Counters } from "./events.js";
import { DEFAULT_STEP_MINUTES, type Ending, Execution, type ExecutionHost } from "./execution.js";
import { Inbox, type InboxHost } from "./inbox.js";
import type { Link, LinkHost } from "./link.js";
import { Observer } from "./observer.js";
import type { EngineOptions } from "./options.js";
import { PendingRequest, type RequestHost } from "./request.js";
import { type StreamListener, type StreamPort, Streams } from "./streams.js";

/** A reset waits this long for the answer to the report that is on its way. */
const RESTART_GRACE_MS = 5_000;
/** AWS sends notify-next when an execution ends, so the next one is not asked for; unless it stays away this long. */
const NOTICE_MS = 10_000;
/** Until StartNext is asked again after the service refused the request itself. */
const ASK_AGAIN_MS = 3_600_000;
const RETRY_BASE_MS = 1_000;
const RETRY_CAP_MS = 60_000;

/**
 * Asks the Jobs service for one execution at a time, and tells it what becomes of it. One request is in flight; which one
 * follows from the state alone. The first line that fits counts (`#pump`):
 *
 *     execution held   settled   report pending   reset wanted   answer too large   may be pending   next
 *     no                                          yes                                                reset
 *     no                                                         yes                                 Describe $next, no document
 *     no                                                                            yes              StartNext
 *     no                                                                                             (the link may rest)
 *     yes              no                                                                            Describe it
 *     yes              yes       yes                                                                 Update it
 *     yes              yes       no               yes                                                reset
 */
export class Engine implements InboxHost, ExecutionHost, RequestHost, LinkHost {
	readonly counters = new Counters();
	readonly #options: EngineOptions;
	readonly #topics: Topics;
	readonly #inbox: Inbox;
	readonly #observer: Observer;
	readonly #execution: Execution;
	readonly #streams: Streams;
	readonly #request = new PendingRequest(this);
	readonly #backoff = new Backoff(RETRY_BASE_MS, RETRY_CAP_MS);
	#link: Link | undefined;
	/** An execution may be pending: ask for it when none is held. */
	#ask = true;
	#count = 0;
	#pumpTimer: Timer | undefined;
	#retryTimer: Timer | undefined;
	#noticeTimer: Timer | undefined;
	/** A handler wants a reset, which waits for the report that is on its way, though not for long. */
	#restart: Timer | undefined;

	constructor(options: EngineOptions) {
		const { thingName } = options;
		this.#options = options;
		this.#topics = new Topics(thingName);
		this.#observer = new Observer(options);
		this.#streams = new Streams(thingName);
		this.#inbox = new Inbox(this, this.#request, thingName);
		this.#execution = new Execution(this, this.#observer, options);
	}

	/** Once, before the link starts. */
	start(): void {
		this.#options.handlers.started(this);
		this.#execution.load();
	}

	log(text: string, level?: LogLevel): void {
		this.#observer.log(text, level);
	}

	// ---- what the link calls

	get subscription(): string {
		return this.#topics.notifyNext;
	}

	get answerTopics(): readonly string[] {
		return answerFilters(this.#options.thingName);
	}

	online(link: Link): void {
		this.#link = link;
		this.#ask = true;
		this.#execution.connected();
		this.counters.connections += 1;
		this.#observer.tell({ type: "online" });
		this.#streams.connected(link);
		this.soon();
	}

	offline(): void {
		this.#link = undefined;
		this.#streams.disconnected();
		this.#request.done();
		this.#clearNotice();
		this.#observer.tell({ type: "offline" });
	}

	receive(topic: string, payload: Uint8Array | undefined): void {
		if (!this.#streams.receive(topic, payload)) this.#inbox.receive(topic, payload);
	}

	/** Over a link that tells by itself which request an answer answers. */
	answer(accepted: boolean, payload: string | undefined): void {
		this.#inbox.answer(accepted, payload);
	}

	unanswered(): void {
		this.#request.done();
		this.#link?.reconnect("no answer from the Jobs service");
	}

	// ---- what the execution calls

	get idle(): boolean {
		return !this.#request.active;
	}

	stream(streamId: string, listener: StreamListener): StreamPort | undefined {
		return this.#streams.open(streamId, listener);
	}

	restart(): void {
		this.#restart ??= later(() => this.#restartNow(), RESTART_GRACE_MS, this);
		this.soon();
	}

	holds(jobId: string): void {
		this.#inbox.setJob(jobId);
	}

	ended(how: Ending): void {
		this.#streams.close();
		if (how !== "reported") {
			Timer.clear(this.#restart);
			this.#restart = undefined;
			// The service would hand out again what another client runs: its notification tells when another one is next.
			this.#ask = how === "takenAway";
		} else if (this.#link?.notifies === false) this.#ask = true;
		else this.#askIn(NOTICE_MS);
	}

	// ---- sending

	/**
	 * Sends from the machine's own loop, and not from within whatever called: the network's frames would lie below the
	 * agent's, on a stack that has 512 slots on the chip.
	 */
	soon(): void {
		this.#pumpTimer ??= later(
			() => {
				this.#pumpTimer = undefined;
				this.#pump();
			},
			0,
			this,
		);
	}

	#pump(): void {
		const link = this.#link;
		if (link === undefined || this.#request.active || this.#retryTimer !== undefined) return;
		const execution = this.#execution;
		const { record } = execution;
		if (!record.held) return this.#pumpIdle(link);
		if (!execution.settled) {
			return this.#describe(link, record.jobId, record.executionNumber, execution.needsDocument);
		}
		const status = execution.next(this.#restart !== undefined);
		if (status !== undefined) this.#update(link, status);
		else if (this.#restart !== undefined) this.#restartNow();
	}

	/** No execution is held. */
	#pumpIdle(link: Link): void {
		if (this.#restart !== undefined) this.#restartNow();
		else if (this.#execution.tooLarge) this.#describe(link, "$next", undefined, false);
		else if (this.#ask) this.#startNext(link);
		else link.idle();
	}

	#startNext(link: Link): void {
		const { stepTimeoutMinutes = DEFAULT_STEP_MINUTES } = this.#options;
		const clientToken = this.#token();
		const body = { clientToken, ...(stepTimeoutMinutes > 0 && { stepTimeoutInMinutes: stepTimeoutMinutes }) };
		this.#ask = false;
		this.#request.send(link, Operation.StartNext, this.#topics.startNext, "", body);
	}

	#describe(link: Link, jobId: string, executionNumber: number | undefined, includeJobDocument: boolean): void {
		const body = describeBody(executionNumber, includeJobDocument, this.#token());
		this.#request.send(link, Operation.Describe, this.#topics.describe(jobId), jobId, body);
	}

	/** Sends what the record says is pending; the record is in storage before the message is on its way. */
	#update(link: Link, status: DeviceStatus): void {
		const { record } = this.#execution;
		this.#execution.sent(status);
		const body = updateBody(record, status, this.#options.stepTimeoutMinutes ?? DEFAULT_STEP_MINUTES);
		this.#request.send(link, Operation.Update, this.#topics.update(record.jobId), record.jobId, body);
	}

	#token(): string {
		this.#count += 1;
		return `q${this.#count}`;
	}

	#retryLater(): void {
		this.#retryTimer = later(
			() => {
				this.#retryTimer = undefined;
				this.soon();
			},
			this.#backoff.next(),
			this,
		);
	}

	#restartNow(): void {
		this.#link?.close();
		this.#options.restart();
	}

	/** Asks for the next execution after this time, unless the service tells of it before. */
	#askIn(milliseconds: number): void {
		this.#clearNotice();
		this.#noticeTimer = later(
			() => {
				this.#noticeTimer = undefined;
				this.#ask = true;
				this.soon();
			},
			milliseconds,
			this,
		);
	}

	#clearNotice(): void {
		Timer.clear(this.#noticeTimer);
		this.#noticeTimer = undefined;
	}

	// ---- what the inbox calls

	notified(next: Answer | undefined): void {
		const { record } = this.#execution;
		const execution = next?.execution;
		if (record.held) {
			if (execution?.jobId === record.jobId && execution.executionNumber === record.executionNumber) return;
			// Another execution is next, or none: ours may have been taken away.
			this.#execution.settled = false;
		} else if (next !== undefined && execution === undefined) this.#observer.tell({ type: "idle" });
		this.#ask = next === undefined || execution !== undefined;
		this.#clearNotice();
		this.soon();
	}

	answerTooLarge(operation: Operation): void {
		this.log("the answer is larger than the message buffer");
		this.#request.done();
		// An update's answer carries no document: one too large is odd, and describing the execution settles it.
		if (operation === Operation.Update) this.#execution.settled = false;
		else this.#execution.tooLarge = true;
		this.soon();
	}

	answered(operation: Operation, accepted: boolean, answer: Answer): void {
		this.#request.done();
		this.#link?.alive();
		if (accepted) this.#accepted(operation, answer);
		else this.#rejected(operation, answer);
		this.soon();
	}

	#accepted(operation: Operation, { execution, executionState }: Answer): void {
		const held = this.#execution;
		this.#backoff.reset();
		if (operation === Operation.Update) held.updated(executionState);
		else if (operation === Operation.Describe && held.record.held) {
			this.#ask = false;
			held.described(execution);
		} else if (execution !== undefined) {
			if (held.claim(execution)) this.#ask = false;
		} else {
			held.tooLarge = false;
			this.log("nothing is pending");
			this.#observer.tell({ type: "idle" });
		}
	}

	#rejected(operation: Operation, { code, message, executionState }: Answer): void {
		const held = this.#execution;
		this.counters.rejections += 1;
		this.log(`rejected: ${code ?? "no code"} ${message}`, LogLevel.error);
		const act = actOn(code);
		if (act === "retry") {
			if (operation === Operation.StartNext) this.#ask = true;
			return this.#retryLater();
		}
		this.#backoff.reset();
		held.tooLarge = false;
		if (!held.record.held) return this.#askIn(ASK_AGAIN_MS);
		if (operation !== Operation.Update || act === "drop") held.drop(code ?? "rejected");
		else if (act === "ownFault") held.refused(code);
		else {
			this.#ask = false;
			if (held.mismatched(executionState)) this.#retryLater();
		}
	}
}
