import Timer from "timer";
import { later } from "../platform/later.js";
import { Backoff } from "../transport/backoff.js";
import type { SessionHost } from "../transport/session.js";
import { type Answer, type AnsweredExecution, type AnsweredState, isTerminal } from "./answers.js";
import { describeBody, updateBody } from "./bodies.js";
import { Counters } from "./events.js";
import type { GatedStep } from "./handler.js";
import { fromHex } from "./hex.js";
import { Inbox, type InboxHost } from "./inbox.js";
import { LogLevel } from "./log.js";
import type { DeviceStatus, JobDocument, StatusDetails } from "./messages.js";
import { Observer } from "./observer.js";
import type { EngineOptions } from "./options.js";
import { MAX_CHECKPOINT_BYTES } from "./record.js";
import { actOn } from "./rejections.js";
import { Reports, type ReportsHost } from "./reports.js";
import { type Link, Request, type RequestHost } from "./request.js";
import { Run, type RunHost } from "./run.js";
import { StepTimer, type StepTimerHost } from "./step-timer.js";
import { type StreamListener, type StreamPort, Streams } from "./streams.js";
import { answerFilters, Operation, Topics } from "./topics.js";

const DEFAULT_MAX_BOOTS = 10;
const DEFAULT_MAX_ATTEMPTS = 100;
const DEFAULT_STEP_MINUTES = 1_440;
const DEFAULT_STALL_MINUTES = 30;
const DEFAULT_PROGRESS_MS = 1_000;
/** A reset waits this long for the answer to the report that is on its way. */
const RESTART_GRACE_MS = 5_000;
/** AWS sends notify-next when an execution ends, so the next one is not asked for; unless it stays away this long. */
const NOTICE_MS = 10_000;
/** The service does not take the very question for the next execution: a day has few of these, and none goes unasked. */
const ASK_AGAIN_MS = 3_600_000;
const RETRY_BASE_MS = 1_000;
const RETRY_CAP_MS = 60_000;

/**
 * Drives one execution at a time through the Jobs service.
 *
 * What is to be sent follows from the state alone (`#pump`), one request at a time. Whatever happened, lost answers,
 * resets, a new connection, the agent asks the service about the execution that its record holds and goes on from what
 * both agree on (`#settle`).
 */
export class Engine implements InboxHost, RunHost, ReportsHost, RequestHost, SessionHost, StepTimerHost {
	readonly counters = new Counters();
	readonly #options: EngineOptions;
	readonly #topics: Topics;
	readonly #inbox: Inbox;
	readonly #observer: Observer;
	readonly #reports: Reports;
	readonly #streams: Streams;
	readonly #request = new Request(this);
	readonly #steps: StepTimer;
	readonly #backoff = new Backoff(RETRY_BASE_MS, RETRY_CAP_MS);
	#link: Link | undefined;
	#run: Run | undefined;
	/** An execution may be pending: ask for it when none is held. */
	#ask = true;
	/** The service has spoken, on this connection, of the execution that is held. */
	#settled = false;
	/** The last answer did not fit the message buffer: ask for the execution without its document. */
	#tooLarge = false;
	/** The status in the update that was sent last. The record may hold a later one by now, which waits for its turn. */
	#reported: DeviceStatus = "IN_PROGRESS";
	/** Somebody else has changed the execution since our last report was taken. */
	#contested = false;
	/** The execution that another client runs: not claimed again on this connection. */
	#foreign = "";
	/** A handler waits for the document, as the service hands it out now. */
	#onDocument: ((document: JobDocument) => void) | undefined;
	#count = 0;
	#pumpTimer: Timer | undefined;
	#retryTimer: Timer | undefined;
	#noticeTimer: Timer | undefined;
	/** A handler wants a reset, which waits for the report that is on its way, though not for long. */
	#restart: Timer | undefined;

	constructor(options: EngineOptions) {
		this.#options = options;
		const { thingName, storage } = options;
		this.#topics = new Topics(thingName);
		this.#observer = new Observer(options);
		this.#streams = new Streams(thingName);
		this.#inbox = new Inbox(this, this.#request, thingName);
		const { progressMs = DEFAULT_PROGRESS_MS, stallMinutes = DEFAULT_STALL_MINUTES } = options;
		this.#reports = new Reports(this, storage, progressMs);
		this.#steps = new StepTimer(this, options.stepTimeoutMinutes ?? DEFAULT_STEP_MINUTES, stallMinutes);
	}

	get subscription(): string {
		return this.#topics.notifyNext;
	}

	get answerTopics(): readonly string[] {
		return answerFilters(this.#options.thingName);
	}

	log(text: string, level?: LogLevel): void {
		this.#observer.log(text, level);
	}

	// ---- what the agent calls

	/** Once, at the start: reads the record and counts this boot. */
	start(): void {
		this.#options.handlers.started(this);
		this.#reports.load();
		const { record } = this.#reports;
		if (!record.held) return;
		this.#inbox.setJob(record.jobId);
		record.boots += 1;
		record.attempts += 1;
		this.log(`holding ${record.jobId} #${record.executionNumber}, boot ${record.boots} since its last checkpoint`);
		const { maxBoots = DEFAULT_MAX_BOOTS, maxAttempts = DEFAULT_MAX_ATTEMPTS, handlers } = this.#options;
		if (!record.ending && (record.boots > maxBoots || record.attempts > maxAttempts)) {
			const boots = String(record.attempts);
			record.pending = "FAILED";
			record.details = { reason: "tooManyResets", resetReason: this.resetReason, boots };
		}
		this.#reports.save();
		this.#observer.claimed(this.#reports.record);
		const handler = record.checkpoint && handlers.find(record.operation);
		if (record.ending || handler === undefined || record.checkpoint === undefined) return;
		this.#run = new Run(handler, this);
		this.#run.boot(record.checkpoint);
	}

	/** The connection is up and subscribed. */
	online(link: Link): void {
		this.#link = link;
		this.#ask = true;
		this.#settled = false;
		this.#foreign = "";
		this.counters.connections += 1;
		this.#observer.tell({ type: "online" });
		this.#streams.connected(link);
		this.soon();
	}

	offline(): void {
		this.#link = undefined;
		this.#streams.disconnected();
		this.#request.done();
		Timer.clear(this.#noticeTimer);
		this.#noticeTimer = undefined;
		this.#observer.tell({ type: "offline" });
	}

	receive(topic: string, payload: Uint8Array | undefined): void {
		if (!this.#streams.receive(topic, payload)) this.#inbox.receive(topic, payload);
	}

	/** Over a link that tells by itself which request an answer answers. */
	answer(accepted: boolean, payload: string | undefined): void {
		this.#inbox.answer(accepted, payload);
	}

	// ---- what a run calls

	get boots(): number {
		return this.#reports.record.boots;
	}

	get attempts(): number {
		return this.#reports.record.attempts;
	}

	get resetReason(): string {
		return this.#options.resetReason;
	}

	alive(): void {
		this.#steps.alive();
	}

	progress(details: StatusDetails): void {
		this.#steps.alive();
		this.#reports.progress(details);
	}

	checkpoint(bytes: Uint8Array, details: StatusDetails | undefined): void {
		this.#steps.alive();
		this.#reports.checkpoint(bytes, details, !this.#request.active);
	}

	finish(status: DeviceStatus, details: StatusDetails | undefined): void {
		this.#steps.stop();
		this.log(`${this.#reports.record.jobId}: ${status}${details === undefined ? "" : ` ${JSON.stringify(details)}`}`);
		this.#reports.finish(status, details);
	}

	gate(step: GatedStep, proceed: () => void): void {
		const { gate } = this.#options;
		if (gate === undefined) return proceed();
		const run = this.#run;
		this.#steps.held = true;
		gate(step, () => {
			if (run !== this.#run) return; // taken away meanwhile: another one may be held by now
			this.#steps.held = false;
			proceed();
		});
	}

	refresh(onDocument: (document: JobDocument) => void): void {
		this.#onDocument = onDocument;
		this.#steps.held = true;
		this.#settled = false;
		this.soon();
	}

	stream(streamId: string, listener: StreamListener): StreamPort | undefined {
		return this.#streams.open(streamId, listener);
	}

	renew(): void {
		this.#reports.renew();
	}

	stalled(minutes: number): void {
		this.#run?.giveUp("stalled", { minutes: String(minutes) });
	}

	unanswered(): void {
		this.#request.done();
		this.#link?.reconnect("no answer from the Jobs service");
	}

	restart(): void {
		this.#restart ??= this.#later(() => this.#restartNow(), RESTART_GRACE_MS);
		this.soon();
	}

	// ---- sending

	/**
	 * Sends from the machine's own loop, and not from within whatever called: the network's frames would lie below the
	 * agent's, on a stack that has 512 slots on the chip.
	 */
	soon(): void {
		this.#pumpTimer ??= this.#later(() => {
			this.#pumpTimer = undefined;
			this.#pump();
		}, 0);
	}

	#pump(): void {
		if (this.#link === undefined || this.#request.active || this.#retryTimer !== undefined) return;
		const { record } = this.#reports;
		if (!record.held) return this.#pumpIdle(this.#link);
		if (!this.#settled) {
			return this.#describe(this.#link, record.jobId, record.executionNumber, this.#needsDocument);
		}
		const status = this.#reports.next(this.#restart !== undefined);
		if (status !== undefined) this.#update(this.#link, status);
		else if (this.#restart !== undefined) this.#restartNow();
	}

	/** No execution is held. */
	#pumpIdle(link: Link): void {
		if (this.#restart !== undefined) this.#restartNow();
		else if (this.#tooLarge) this.#describe(link, "$next", undefined, false);
		else if (this.#ask) this.#startNext(link);
		else link.idle();
	}

	get #needsDocument(): boolean {
		if (this.#reports.record.ending || this.#tooLarge) return false;
		return !this.#run?.begun || this.#onDocument !== undefined;
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
		const { record } = this.#reports;
		this.#reported = status;
		const body = updateBody(record, status, this.#options.stepTimeoutMinutes ?? DEFAULT_STEP_MINUTES);
		this.#request.send(link, Operation.Update, this.#topics.update(record.jobId), record.jobId, body);
	}

	#later(callback: () => void, milliseconds: number): Timer {
		return later(callback, milliseconds, this);
	}

	#token(): string {
		this.#count += 1;
		return `q${this.#count}`;
	}

	#retryLater(): void {
		this.#retryTimer = this.#later(() => {
			this.#retryTimer = undefined;
			this.soon();
		}, this.#backoff.next());
	}

	#restartNow(): void {
		this.#link?.close();
		this.#options.restart();
	}

	// ---- what the inbox calls

	notified(next: Answer | undefined): void {
		const { record } = this.#reports;
		const execution = next?.execution;
		if (record.held) {
			if (execution?.jobId === record.jobId && execution.executionNumber === record.executionNumber) return;
			// Another execution is next, or none: ours may have been taken away.
			this.#settled = false;
		} else if (next !== undefined && execution === undefined) this.#observer.tell({ type: "idle" });
		this.#ask = next === undefined || execution !== undefined;
		Timer.clear(this.#noticeTimer);
		this.#noticeTimer = undefined;
		this.soon();
	}

	answerTooLarge(operation: Operation): void {
		this.log("the answer is larger than the message buffer");
		this.#request.done();
		// An update's answer carries no document: one too large is odd, and describing the execution settles it.
		if (operation === Operation.Update) this.#settled = false;
		else this.#tooLarge = true;
		this.soon();
	}

	answered(operation: Operation, accepted: boolean, answer: Answer): void {
		this.#request.done();
		this.#link?.alive();
		if (accepted) this.#accepted(operation, answer);
		else this.#rejected(operation, answer);
		this.soon();
	}

	#accepted(operation: Operation, answer: Answer): void {
		this.#backoff.reset();
		if (operation === Operation.Update) return this.#updated(this.#reported, answer.executionState);
		const { execution } = answer;
		const { record } = this.#reports;
		if (operation === Operation.Describe && record.held) {
			if (execution === undefined) this.#drop("the service does not know it");
			else {
				this.#settle(execution, record.pending, execution.jobDocument);
				this.#steps.left(execution.secondsLeft);
				this.#refreshed(execution.jobDocument);
			}
		} else if (execution !== undefined) this.#claim(execution);
		else {
			this.#tooLarge = false;
			this.log("nothing is pending");
			this.#observer.tell({ type: "idle" });
		}
	}

	#rejected(operation: Operation, { code, message, executionState }: Answer): void {
		this.counters.rejections += 1;
		this.log(`rejected: ${code ?? "no code"} ${message}`, LogLevel.error);
		const act = actOn(code);
		if (act === "retry") {
			if (operation === Operation.StartNext) this.#ask = true;
			return this.#retryLater();
		}
		this.#backoff.reset();
		this.#tooLarge = false;
		if (!this.#reports.record.held) return this.#askIn(ASK_AGAIN_MS);
		if (operation !== Operation.Update || act === "drop") this.#drop(code ?? "rejected");
		else if (act === "settle") this.#settleRejection(executionState);
		else if (!this.#reports.refused(code ?? "noCode")) this.#refusedAgain(code);
	}

	/** The service takes this report in no form. */
	#refusedAgain(code: string | undefined): void {
		const { record } = this.#reports;
		if (record.ending) this.#drop(code ?? "rejected");
		else record.pending = record.details = undefined;
	}

	/** The rejection carries the execution's state: no further request is needed. */
	#settleRejection(state: AnsweredState | undefined): void {
		if (state === undefined) {
			this.#settled = false;
			return;
		}
		const { versionNumber } = this.#reports.record;
		if (!this.#isApplied(state, this.#reported) && !isTerminal(state.status) && this.#isForeign(state)) {
			return this.#letForeignRun();
		}
		this.#settle(state, this.#reported, undefined);
		// A service that refuses the very version it names would be asked again and again.
		if (this.#reports.record.held && state.versionNumber === versionNumber) this.#retryLater();
	}

	/**
	 * Somebody else may move the version once, an operator's tool say: the report is made again with the new version. Who
	 * moves it again before that was taken is at work on the execution itself.
	 */
	#isForeign(state: AnsweredState): boolean {
		if (state.versionNumber === this.#reports.record.versionNumber) return false;
		const again = this.#contested;
		this.#contested = true;
		return again;
	}

	#letForeignRun(): void {
		const { jobId, executionNumber } = this.#reports.record;
		this.#foreign = `${jobId}#${executionNumber}`;
		this.#drop("another client runs it");
		this.#ask = false; // the service would hand out the same one: its notification tells when another one is next
	}

	/** Whether the service has taken the report whose answer was lost. */
	#isApplied({ status, versionNumber }: AnsweredState, reported: DeviceStatus | undefined): boolean {
		return reported === status && versionNumber === this.#reports.record.versionNumber + 1;
	}

	/** @param reported what the service has applied */
	#updated(reported: DeviceStatus, state: AnsweredState | undefined): void {
		this.#contested = false;
		this.#observer.reported(this.#reports.record, this.#reported);
		if (reported !== "IN_PROGRESS") return this.#finished();
		this.#steps.reported();
		this.#reports.taken();
		if (state === undefined) this.#settled = false;
		else this.#reports.setVersion(state.versionNumber);
	}

	/**
	 * Makes the record agree with what the service says of the execution that is held.
	 *
	 * @param reported what was sent and not yet confirmed
	 */
	#settle(state: AnsweredState, reported: DeviceStatus | undefined, document: JobDocument | undefined): void {
		const { record } = this.#reports;
		this.#settled = true;
		this.#ask = false;
		if (reported !== undefined && this.#isApplied(state, reported)) {
			this.log(`${record.jobId}: the service has applied ${state.status} already`);
			this.#updated(reported, state);
			if (record.held) this.#begin(document);
			return;
		}
		if (isTerminal(state.status)) return this.#drop(`it is ${state.status}`);
		this.#reports.setVersion(state.versionNumber);
		this.#begin(document);
	}

	/** Takes an execution that the service handed out. */
	#claim(execution: AnsweredExecution): void {
		const { record } = this.#reports;
		const { jobId, executionNumber, versionNumber, jobDocument } = execution;
		if (this.#foreign === `${jobId}#${executionNumber}`) return this.log(`${jobId} is run by another client`);
		const handler = this.#options.handlers.findFor(jobDocument);
		record.clear();
		record.jobId = jobId;
		record.executionNumber = executionNumber;
		record.versionNumber = versionNumber;
		record.operation = handler?.operation ?? "";
		this.#inbox.setJob(jobId);
		this.#settled = true;
		this.#ask = this.#contested = false;
		this.log(`claimed ${jobId} #${executionNumber}, version ${versionNumber}`);
		this.#observer.claimed(this.#reports.record);
		if (this.#tooLarge) return this.#begin(undefined);
		if (handler !== undefined) {
			// The record is empty and the service has a checkpoint: the flash was erased, which takes a reset.
			record.checkpoint = fromHex(execution.statusDetails?.checkpoint, MAX_CHECKPOINT_BYTES);
			if (record.checkpoint !== undefined) record.boots = 1;
			this.#reports.save();
		}
		this.#begin(jobDocument);
	}

	/** Starts or resumes the handler of the execution that is held, unless it runs or the end is being reported. */
	#begin(document: JobDocument | undefined): void {
		const { record } = this.#reports;
		if (record.ending || this.#run?.begun) return;
		const handler = this.#options.handlers.findFor(document);
		if (this.#tooLarge) {
			this.#tooLarge = false;
			return this.finish("REJECTED", { reason: "documentTooLarge" });
		}
		if (handler === undefined) {
			// Not by String(): an object may say that it cannot be one, and the job would never end.
			const asked = document?.operation ?? "";
			const operation = typeof asked === "string" ? asked : JSON.stringify(asked);
			const known = this.#options.handlers.names();
			return this.finish("REJECTED", { reason: "unknownOperation", operation, known });
		}
		if (this.#run?.handler !== handler) this.#run = new Run(handler, this);
		const job = {
			jobId: record.jobId,
			executionNumber: record.executionNumber,
			document: document as JobDocument,
		};
		const run = this.#run;
		const { checkpoint } = record;
		run.begun = true;
		this.#steps.start();
		this.#later(() => run.begin(job, checkpoint), 0); // for the stack's sake, as in `soon`
	}

	#refreshed(document: JobDocument | undefined): void {
		const onDocument = this.#onDocument;
		if (onDocument === undefined) return;
		this.#steps.held = false;
		if (document === undefined) {
			// A presigned URL may be longer than the one before.
			if (this.#tooLarge) this.#run?.giveUp("documentTooLarge");
			return;
		}
		this.#onDocument = undefined;
		this.#later(() => onDocument(document), 0);
	}

	#finished(): void {
		const { jobId } = this.#reports.record;
		this.#run?.end();
		this.#forget();
		this.log(`${jobId} is over`);
		if (this.#link?.notifies === false) {
			this.#ask = true;
			return;
		}
		this.#askIn(NOTICE_MS);
	}

	/** Unless the service tells of the next execution before. */
	#askIn(milliseconds: number): void {
		Timer.clear(this.#noticeTimer);
		this.#noticeTimer = this.#later(() => {
			this.#noticeTimer = undefined;
			this.#ask = true;
			this.soon();
		}, milliseconds);
	}

	#drop(why: string): void {
		const { jobId } = this.#reports.record;
		Timer.clear(this.#restart);
		this.#restart = undefined;
		this.#run?.cancel();
		this.#observer.letGo(this.#reports.record, why);
		this.#forget();
		this.log(`${jobId} is let go: ${why}`);
		this.#ask = true;
	}

	#forget(): void {
		this.#steps.stop();
		this.#streams.close();
		this.#run = this.#onDocument = undefined;
		this.#tooLarge = false;
		this.#reports.forget();
	}
}
