import Timer from "timer";
import { later } from "../platform/later.js";
import { Backoff } from "../transport/backoff.js";
import { type Answer, type AnsweredExecution, type AnsweredState, isTerminal, readAnswer } from "./answers.js";
import { describeBody, updateBody } from "./bodies.js";
import { acceptableDetails } from "./details.js";
import type { GatedStep } from "./handler.js";
import { fromHex } from "./hex.js";
import type { DeviceStatus, JobDocument, StatusDetails } from "./messages.js";
import type { EngineOptions } from "./options.js";
import { MAX_CHECKPOINT_BYTES } from "./record.js";
import { RecordStore } from "./record-store.js";
import { actOn } from "./rejections.js";
import { type Link, Request } from "./request.js";
import { Run, type RunHost } from "./run.js";
import { Operation, Outcome, type TopicMatch, TopicParser, Topics } from "./topics.js";

const DEFAULT_MAX_BOOTS = 10;
/** A reset waits this long for the answer to the report that is on its way. */
const RESTART_GRACE_MS = 5_000;
/** AWS sends notify-next when an execution ends, so the next one is not asked for; unless it stays away this long. */
const NOTICE_MS = 10_000;
const RETRY_BASE_MS = 1_000;
const RETRY_CAP_MS = 60_000;

/**
 * Drives one execution at a time through the Jobs service.
 *
 * What is to be sent follows from the state alone (`#pump`), one request at a time. Whatever happened, lost answers,
 * resets, a new connection, the agent asks the service about the execution that its record holds and goes on from what
 * both agree on (`#settle`).
 */
export class Engine implements RunHost {
	readonly #options: EngineOptions;
	readonly log: (text: string) => void;
	readonly #topics: Topics;
	readonly #parser: TopicParser;
	readonly #store: RecordStore;
	readonly #request: Request;
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
	/** A progress report that waits for its turn. */
	#news: StatusDetails | undefined;
	/** The record was changed since it was written. */
	#dirty = false;
	#count = 0;
	#pumpTimer: Timer | undefined;
	#retryTimer: Timer | undefined;
	#noticeTimer: Timer | undefined;
	#restarting = false;

	constructor(options: EngineOptions) {
		this.#options = options;
		this.log = options.log ?? ((text) => trace(`${text}\n`));
		this.#topics = new Topics(options.thingName);
		this.#parser = new TopicParser(options.thingName);
		this.#store = new RecordStore(options.storage);
		this.#request = new Request(this.log, () => {
			this.#request.done();
			this.#link?.reconnect("no answer from the Jobs service");
		});
	}

	// ---- what the agent calls

	/** Once, at the start: reads the record and counts this boot. */
	start(): void {
		this.#store.load();
		const record = this.#store.record;
		if (!record.held) return;
		this.#parser.setJob(record.jobId);
		record.boots += 1;
		this.log(`holding ${record.jobId} #${record.executionNumber}, boot ${record.boots} since its last checkpoint`);
		if (!record.ending && record.boots > (this.#options.maxBoots ?? DEFAULT_MAX_BOOTS)) {
			record.pending = "FAILED";
			record.details = { reason: "tooManyResets", resetReason: this.resetReason, boots: String(record.boots) };
		}
		this.#save();
		const handler = record.checkpoint && this.#options.handlers.find(record.operation);
		if (record.ending || handler === undefined || record.checkpoint === undefined) return;
		this.#run = new Run(handler, this);
		this.#run.boot(record.checkpoint);
	}

	/** The connection is up and subscribed. */
	online(link: Link): void {
		this.#link = link;
		this.#ask = true;
		this.#settled = false;
		this.#soon();
	}

	offline(): void {
		this.#link = undefined;
		this.#request.done();
		Timer.clear(this.#noticeTimer);
		this.#noticeTimer = undefined;
	}

	/** A message came. `payload` is undefined when it was larger than the message buffer. */
	receive(topic: string, payload: string | undefined): void {
		const match = this.#parser.parse(topic);
		if (match === undefined) return this.log(`ignored: ${topic} is no Jobs topic of this thing`);
		const { operation } = match;
		if (operation === Operation.Notify || operation === Operation.GetPending) return;
		if (operation === Operation.NotifyNext) return this.#notified(payload);
		if (operation !== this.#request.operation || !this.#isAboutRequest(match, topic)) {
			return this.log(`ignored: ${topic} answers nothing that was asked`);
		}
		if (payload === undefined) return this.#answerTooLarge(operation);
		const answer = readAnswer(payload);
		if (answer === undefined) return this.log(`ignored: the payload on ${topic} is not a Jobs answer`);
		if (answer.clientToken !== this.#request.clientToken) {
			return this.log(`ignored: ${topic} carries another client token`);
		}
		const accepted = match.outcome === Outcome.Accepted;
		this.#request.done();
		this.#link?.alive();
		if (accepted) this.#accepted(operation, answer);
		else this.#rejected(operation, answer);
		this.#soon();
	}

	// ---- what a run calls

	get boots(): number {
		return this.#store.record.boots;
	}

	get resetReason(): string {
		return this.#options.resetReason;
	}

	progress(details: StatusDetails): void {
		this.#news = details;
		this.#soon();
	}

	checkpoint(bytes: Uint8Array, details: StatusDetails | undefined): void {
		const record = this.#store.record;
		if (bytes.byteLength > MAX_CHECKPOINT_BYTES) {
			throw new RangeError(`checkpoint of ${bytes.byteLength} bytes; at most ${MAX_CHECKPOINT_BYTES} are kept`);
		}
		record.checkpoint = bytes.slice();
		record.boots = 0;
		if (details !== undefined) this.#news = details;
		// One write for both: the checkpoint and the report of it.
		this.#dirty = true;
		if (!this.#request.active) this.#stageNews();
		this.#save();
		this.#soon();
	}

	finish(status: DeviceStatus, details: StatusDetails | undefined): void {
		const record = this.#store.record;
		this.#news = undefined;
		record.pending = status;
		record.details = details && acceptableDetails(details);
		this.log(`${record.jobId}: ${status}${details === undefined ? "" : ` ${JSON.stringify(details)}`}`);
		this.#save();
		this.#soon();
	}

	gate(step: GatedStep, proceed: () => void): void {
		if (this.#options.gate) this.#options.gate(step, proceed);
		else proceed();
	}

	restart(): void {
		if (this.#restarting) return;
		this.#restarting = true;
		this.#later(() => this.#restartNow(), RESTART_GRACE_MS);
		this.#soon();
	}

	// ---- sending

	/**
	 * Sends from the machine's own loop, and not from within whatever called: the network's frames would lie below the
	 * agent's, on a stack that has 512 slots on the chip.
	 */
	#soon(): void {
		this.#pumpTimer ??= this.#later(() => {
			this.#pumpTimer = undefined;
			this.#pump();
		}, 0);
	}

	#pump(): void {
		if (this.#link === undefined || this.#request.active || this.#retryTimer !== undefined) return;
		const record = this.#store.record;
		if (!record.held) {
			if (this.#tooLarge) this.#describe(this.#link, "$next", undefined, false);
			else if (this.#ask) this.#startNext(this.#link);
			return;
		}
		if (!this.#settled) {
			const needsDocument = !record.ending && !this.#run?.begun && !this.#tooLarge;
			return this.#describe(this.#link, record.jobId, record.executionNumber, needsDocument);
		}
		if (record.pending === undefined) this.#stageNews();
		if (record.pending !== undefined) this.#update(this.#link, record.pending);
		else if (this.#restarting) this.#restartNow();
	}

	#startNext(link: Link): void {
		this.#ask = false;
		this.#request.send(link, Operation.StartNext, this.#topics.startNext, "", { clientToken: this.#token() });
	}

	#describe(link: Link, jobId: string, executionNumber: number | undefined, includeJobDocument: boolean): void {
		const body = describeBody(executionNumber, includeJobDocument, this.#token());
		this.#request.send(link, Operation.Describe, this.#topics.describe(jobId), jobId, body);
	}

	/** Sends what the record says is pending; the record is in storage before the message is on its way. */
	#update(link: Link, status: DeviceStatus): void {
		const record = this.#store.record;
		this.#reported = status;
		if (this.#dirty) this.#save();
		const body = updateBody(record, status);
		this.#request.send(link, Operation.Update, this.#topics.update(record.jobId), record.jobId, body);
	}

	#stageNews(): void {
		const record = this.#store.record;
		if (this.#news === undefined || record.pending !== undefined) return;
		record.pending = "IN_PROGRESS";
		record.details = acceptableDetails(this.#news, 1);
		this.#news = undefined;
		this.#dirty = true;
	}

	#later(callback: () => void, milliseconds: number): Timer {
		return later(callback, milliseconds, this.log);
	}

	#token(): string {
		this.#count += 1;
		return `q${this.#count}`;
	}

	#retryLater(): void {
		this.#retryTimer = this.#later(() => {
			this.#retryTimer = undefined;
			this.#soon();
		}, this.#backoff.next());
	}

	#restartNow(): void {
		this.#link?.close();
		this.#options.restart();
	}

	// ---- receiving

	#isAboutRequest(match: TopicMatch, topic: string): boolean {
		const { jobId } = this.#request;
		return jobId === "" || match.isJob(topic, jobId, jobId.length);
	}

	#notified(payload: string | undefined): void {
		const next = payload === undefined ? undefined : readAnswer(payload);
		if (payload !== undefined && next === undefined) {
			return this.log("ignored: the payload on notify-next is not a notification");
		}
		const record = this.#store.record;
		if (record.held) {
			const execution = next?.execution;
			const same = execution?.jobId === record.jobId && execution.executionNumber === record.executionNumber;
			if (same) return;
			// Another execution is next, or none: ours may have been taken away.
			this.#settled = false;
		}
		this.#ask = payload === undefined || next?.execution !== undefined;
		Timer.clear(this.#noticeTimer);
		this.#noticeTimer = undefined;
		this.#soon();
	}

	#answerTooLarge(operation: Operation): void {
		this.log("the answer is larger than the message buffer");
		this.#request.done();
		// An update's answer carries no document: one too large is odd, and describing the execution settles it.
		if (operation === Operation.Update) this.#settled = false;
		else this.#tooLarge = true;
		this.#soon();
	}

	#accepted(operation: Operation, answer: Answer): void {
		this.#backoff.reset();
		if (operation === Operation.Update) return this.#updated(this.#reported, answer.executionState);
		const { execution } = answer;
		const record = this.#store.record;
		if (operation === Operation.Describe && record.held) {
			if (execution === undefined) this.#drop("the service does not know it");
			else this.#settle(execution, record.pending, execution.jobDocument);
		} else if (execution !== undefined) this.#claim(execution);
		else {
			this.#tooLarge = false;
			this.log("nothing is pending");
		}
	}

	#rejected(operation: Operation, { code, message, executionState }: Answer): void {
		this.log(`rejected: ${code ?? "no code"} ${message}`);
		const act = actOn(code);
		if (act === "retry") {
			if (operation === Operation.StartNext) this.#ask = true;
			return this.#retryLater();
		}
		this.#backoff.reset();
		this.#tooLarge = false;
		if (!this.#store.record.held) return;
		if (operation !== Operation.Update || act === "drop") this.#drop(code ?? "rejected");
		else if (act === "settle") this.#settleRejection(executionState);
		else this.#reportOtherwise(code);
	}

	/** The report was refused as it stands: once more without the details, then not again. */
	#reportOtherwise(code: string | undefined): void {
		const record = this.#store.record;
		if (record.details !== undefined) record.details = undefined;
		else if (record.ending) this.#drop(code ?? "rejected");
		else record.pending = undefined;
	}

	/** The rejection carries the execution's state: no further request is needed. */
	#settleRejection(state: AnsweredState | undefined): void {
		if (state === undefined) {
			this.#settled = false;
			return;
		}
		const { versionNumber } = this.#store.record;
		this.#settle(state, this.#reported, undefined);
		// A service that refuses the very version it names would be asked again and again.
		if (this.#store.record.held && state.versionNumber === versionNumber) this.#retryLater();
	}

	/** @param reported what the service has applied */
	#updated(reported: DeviceStatus, state: AnsweredState | undefined): void {
		if (reported !== "IN_PROGRESS") return this.#finished();
		const record = this.#store.record;
		if (!record.ending) record.pending = record.details = undefined;
		this.#dirty = true;
		if (state === undefined) this.#settled = false;
		else record.versionNumber = state.versionNumber;
	}

	/**
	 * Makes the record agree with what the service says of the execution that is held.
	 *
	 * @param reported what was sent and not yet confirmed
	 */
	#settle(state: AnsweredState, reported: DeviceStatus | undefined, document: JobDocument | undefined): void {
		const record = this.#store.record;
		this.#settled = true;
		this.#ask = false;
		if (reported === state.status && state.versionNumber === record.versionNumber + 1) {
			this.log(`${record.jobId}: the service has applied ${state.status} already`);
			this.#updated(reported, state);
			if (record.held) this.#begin(document);
			return;
		}
		if (isTerminal(state.status)) return this.#drop(`it is ${state.status}`);
		if (record.versionNumber !== state.versionNumber) {
			record.versionNumber = state.versionNumber;
			this.#dirty = true;
		}
		this.#begin(document);
	}

	/** Takes an execution that the service handed out. */
	#claim(execution: AnsweredExecution): void {
		const record = this.#store.record;
		const { jobDocument } = execution;
		const handler = this.#options.handlers.find(jobDocument?.operation);
		record.clear();
		record.jobId = execution.jobId;
		record.executionNumber = execution.executionNumber;
		record.versionNumber = execution.versionNumber;
		record.operation = handler?.operation ?? "";
		this.#parser.setJob(record.jobId);
		this.#settled = true;
		this.#ask = false;
		this.log(`claimed ${record.jobId} #${record.executionNumber}, version ${record.versionNumber}`);
		if (this.#tooLarge) return this.#begin(undefined);
		if (handler !== undefined) {
			// The record is empty and the service has a checkpoint: the flash was erased, which takes a reset.
			record.checkpoint = fromHex(execution.statusDetails?.checkpoint, MAX_CHECKPOINT_BYTES);
			if (record.checkpoint !== undefined) record.boots = 1;
			this.#save();
		}
		this.#begin(jobDocument);
	}

	/** Starts or resumes the handler of the execution that is held, unless it runs or the end is being reported. */
	#begin(document: JobDocument | undefined): void {
		const record = this.#store.record;
		if (record.ending || this.#run?.begun) return;
		const handler = this.#options.handlers.find(document?.operation);
		if (this.#tooLarge) {
			this.#tooLarge = false;
			return this.finish("REJECTED", { reason: "documentTooLarge" });
		}
		if (handler === undefined) {
			const operation = String(document?.operation ?? "");
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
		this.#later(() => run.begin(job, checkpoint), 0); // for the stack's sake, as in #soon
	}

	#finished(): void {
		const { jobId } = this.#store.record;
		this.#run?.end();
		this.#forget();
		this.log(`${jobId} is over`);
		this.#noticeTimer = this.#later(() => {
			this.#noticeTimer = undefined;
			this.#ask = true;
			this.#soon();
		}, NOTICE_MS);
	}

	#drop(why: string): void {
		const { jobId } = this.#store.record;
		this.#run?.cancel();
		this.#forget();
		this.log(`${jobId} is let go: ${why}`);
		this.#ask = true;
	}

	#forget(): void {
		this.#run = undefined;
		this.#news = undefined;
		this.#tooLarge = false;
		this.#store.record.clear();
		this.#save();
	}

	#save(): void {
		this.#dirty = false;
		try {
			this.#store.save();
		} catch (error) {
			// The job goes on without its net: a device with worn flash should still do what it is told.
			this.log(`the record could not be written: ${String(error)}`);
		}
	}
}
