// The engine: which request is next, and what each answer leads to. Both links call it.
import Timer from "timer";
import { LogLevel } from "../base/log.js";
import { later } from "../base/timer.js";
import type { Answer } from "../protocol/answers.js";
import { consequenceOf } from "../protocol/rejections.js";
import { answerFilters, Operation } from "../protocol/topics.js";
import { Application } from "./application.js";
import type { Counters } from "./events.js";
import { Execution, type Fate } from "./execution.js";
import { Inbox, type Message } from "./inbox.js";
import type { Link, LinkHost } from "./link.js";
import type { EngineOptions } from "./options.js";
import { Questions } from "./questions.js";
import { Sender } from "./sender.js";
import { Streams } from "./streams.js";

/** A reset waits this long for the answer to the report that is on its way. */
const RESET_GRACE_MS = 5_000;

/**
 * What the engine has to ask. A question that was asked leaves `idle` or `run` behind; the answer, a rejection or a new
 * connection may bring it back.
 */
type State =
	/** No execution is held, and none is known to be pending. */
	| "idle"
	/** No execution is held; one may be pending. */
	| "ask"
	/** As `ask`, but the answer was larger than the message buffer: it is asked for without the document. */
	| "askShort"
	/** An execution is held; the service has to say how it stands. */
	| "check"
	/** As `check`, but the answer was larger than the message buffer. */
	| "checkShort"
	/** An execution is held; its handler runs, or its end is reported. */
	| "run";

/**
 * Asks the Jobs service for one execution at a time, and tells it what becomes of it. Four tables say how:
 * - `next`: which request each state leads to
 * - `reconcile` (protocol): what the service's word means for the execution that is held
 * - `consequenceOf` (protocol): what a rejection leads to
 * - `follow`: which state each outcome leads to
 */
export class Engine implements LinkHost {
	private readonly options: EngineOptions;
	private readonly application: Application;
	private readonly sender: Sender;
	private readonly streams: Streams;
	private readonly inbox: Inbox;
	private readonly execution: Execution;
	private readonly questions: Questions;
	private state: State = "ask";
	/** The state when the request in flight was sent. */
	private asked: State = "ask";
	/** Set when a handler wants a reset, which waits for the report that is on its way, though not for long. */
	private resetTimer: Timer | undefined = undefined;

	constructor(options: EngineOptions) {
		const { thingName } = options;
		this.options = options;
		this.application = new Application(options);
		this.sender = new Sender(this.application, options, this);
		this.streams = new Streams(thingName);
		this.inbox = new Inbox(this.application, this.sender, options.handlers);
		this.execution = new Execution(this.application, this.sender, this.streams, options);
		this.questions = new Questions(this.application, this);
	}

	get counters(): Counters {
		return this.application.counters;
	}

	/** Once, before the link starts. */
	start(): void {
		this.options.handlers.started(this.application);
		if (!this.execution.load()) this.questions.rest();
	}

	// ---- what the link calls
	get subscription(): string {
		return this.sender.topics.notifyNext;
	}

	get answerTopics(): readonly string[] {
		return answerFilters(this.options.thingName);
	}

	log(text: string, level?: LogLevel): void {
		this.application.log(text, level);
	}

	online(link: Link): void {
		this.sender.link = link;
		const { record, isWary } = this.execution;
		if (record.held) this.state = "check";
		else this.state = isWary ? "askShort" : "ask";
		this.execution.connected();
		this.application.counters.connections += 1;
		this.application.tell({ type: "online" });
		this.streams.connected(link);
		this.sender.soon();
	}

	offline(): void {
		this.streams.disconnected();
		this.sender.disconnected();
		this.questions.noticed();
		this.application.tell({ type: "offline" });
	}

	receive(topic: string, bytes: Uint8Array, byteLength: number | undefined): void {
		const isStreams = this.streams.listener !== undefined && this.streams.receive(topic, bytes, byteLength);
		if (!isStreams) this.received(this.inbox.receive(topic, bytes, byteLength));
	}

	answer(accepted: boolean, payload: string | undefined): void {
		this.received(this.inbox.answer(accepted, payload));
	}

	// ---- what is asked next

	/** From the machine's own loop: takes up what the handler wants, then sends what is next. */
	turn(): void {
		const { execution } = this;
		if (execution.wantsReset) {
			this.resetTimer ??= later(this, this.reset, RESET_GRACE_MS, this.application);
		}
		const link = this.sender.freeLink;
		if (link === undefined) return;
		if (this.state === "run" && execution.takeRefresh()) this.state = "check";
		this.next(link);
	}

	/** One line for each state. A reset that is wanted waits until the service has said how the execution stands, and was told. */
	private next(link: Link): void {
		const { execution, sender, state } = this;
		const { record } = execution;
		const isResetWanted = this.resetTimer !== undefined;
		const report = state === "run" ? execution.report(isResetWanted) : undefined;
		const mayReset = state !== "check" && state !== "checkShort" && report === undefined;
		if (isResetWanted && mayReset) return this.reset();
		this.asked = state;
		this.state = record.held ? "run" : "idle";
		if (!record.held && this.questions.isResting) return link.idle();
		switch (state) {
			case "idle":
				return link.idle();
			case "ask":
				return sender.startNext();
			case "askShort":
				return sender.describe("$next", undefined, false);
			case "check":
				return sender.describe(record.jobId, record.executionNumber, execution.needsDocument);
			case "checkShort":
				return sender.describe(record.jobId, record.executionNumber, false);
			case "run":
				if (report !== undefined) sender.update(record, report);
		}
	}

	private reset(): void {
		this.sender.link?.close();
		this.application.restart();
	}

	// ---- what the service says

	private received(message: Message | undefined): void {
		if (message === undefined) return;
		const { operation, accepted, answer } = message;
		if (operation === Operation.NotifyNext) this.notified(answer);
		else {
			this.sender.done();
			if (answer === undefined) this.tooLarge(operation);
			else {
				this.sender.link?.alive();
				if (accepted) this.accepted(operation, answer);
				else this.rejected(operation, answer);
			}
		}
		this.sender.soon();
	}

	/** Another execution is next. @param next undefined when the message was larger than the message buffer */
	private notified(next: Answer | undefined): void {
		const { record } = this.execution;
		const execution = next?.execution;
		this.questions.noticed();
		if (record.held) {
			// Unless it is ours: another one, or none. Ours may have been taken away.
			const isOurs = execution?.jobId === record.jobId && execution.executionNumber === record.executionNumber;
			if (!isOurs) this.state = "check";
		} else if (this.questions.isResting) this.log("the service is not asked yet");
		else if (next === undefined || execution !== undefined) this.state = "ask";
		else {
			this.state = "idle";
			this.application.tell({ type: "idle" });
		}
	}

	/** The answer does not fit the message buffer: the same is asked without the document, which is what makes it large. */
	private tooLarge(operation: Operation): void {
		this.log("the answer is larger than the message buffer");
		if (this.asked === "askShort" || this.asked === "checkShort") this.sender.retryLater();
		if (!this.execution.record.held) this.state = "askShort";
		// An update's answer carries no document: one too large is odd, and describing the execution settles it.
		else this.state = operation === Operation.Update ? "check" : "checkShort";
	}

	private accepted(operation: Operation, { execution, executionState }: Answer): void {
		const held = this.execution;
		if (operation === Operation.Update) this.sender.achieved();
		if (operation === Operation.Update) this.follow(held.updated(executionState));
		else if (held.record.held) this.follow(held.described(execution, this.asked === "checkShort"));
		else if (execution !== undefined) {
			this.follow(held.claim(execution, this.asked === "askShort"));
		} else held.none();
	}

	private rejected(operation: Operation, { code, message, executionState }: Answer): void {
		const held = this.execution;
		this.application.counters.rejections += 1;
		this.log(`rejected: ${code ?? "no code"} ${message}`, LogLevel.error);
		const consequence = consequenceOf(code, operation, held.record.held);
		switch (consequence) {
			case "retry":
				if (operation !== Operation.Update) this.state = this.asked;
				return this.sender.retryLater();
			case "askLater":
				return this.questions.expectNotice(false);
			case "settle":
				return this.follow(held.mismatched(executionState));
			case "ownFault":
				this.follow(held.refused(code, operation === Operation.Update));
				// Over HTTPS another version may be told so: what it is now is asked before the report is sent once more.
				if (held.record.held && this.sender.link?.notifies === false) this.state = "check";
				return;
			case "drop":
				return this.follow(held.drop(code ?? "rejected"));
		}
	}

	// ---- what becomes of the execution

	private follow(fate: Fate): void {
		this.questions.followed(this.execution.record);
		switch (fate) {
			case "same":
				return;
			case "unsettled":
				this.state = "check";
				return;
			case "settled":
				this.state = "run";
				return;
			case "stuck":
				this.state = "run";
				return this.sender.retryLater();
			case "reported":
				// Where the service has told of another one already, or never tells, it is asked for at once.
				this.state = this.state === "check" || this.sender.link?.notifies === false ? "ask" : "idle";
				if (this.state === "idle") this.questions.expectNotice(true);
				return;
			case "refused":
				this.cancelReset();
				return this.rest();
			case "takenAway":
			case "foreign":
				this.cancelReset();
				// The service would hand out again what another client runs: its notification tells when another one is next.
				this.state = fate === "foreign" ? "idle" : "ask";
		}
	}

	ask(): void {
		if (this.state === "idle") this.state = "ask";
		this.sender.soon();
	}

	private rest(): void {
		this.state = "idle";
		this.questions.rest();
	}

	private cancelReset(): void {
		Timer.clear(this.resetTimer);
		this.resetTimer = undefined;
	}
}
