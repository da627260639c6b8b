import { fromHex } from "../base/hex.js";
import { later } from "../base/timer.js";
import type { AnsweredExecution, AnsweredState } from "../protocol/answers.js";
import type { DeviceStatus, JobDocument, StatusDetails } from "../protocol/messages.js";
import { reconcile } from "../protocol/reconcile.js";
import { type ExecutionRecord, MAX_CHECKPOINT_BYTES } from "../protocol/record.js";
import { HandlerRun, type RunHost } from "./context.js";
import type { GatedStep } from "./handler.js";
import type { Observer } from "./observer.js";
import type { EngineOptions } from "./options.js";
import { Reports, type ReportsHost } from "./reports.js";
import type { StreamListener, StreamPort } from "./streams.js";
import { Watchdog, type WatchdogHost } from "./watchdog.js";

const DEFAULT_MAX_BOOTS = 10;
const DEFAULT_MAX_ATTEMPTS = 100;
export const DEFAULT_STEP_MINUTES = 1_440;
const DEFAULT_STALL_MINUTES = 30;
const DEFAULT_PROGRESS_MS = 1_000;

/** How the agent came to hold an execution no more. */
export type Ending = "reported" | "takenAway" | "foreign";

/** Whom the execution asks for what is not its own. */
export interface ExecutionHost extends ReportsHost {
	stream(streamId: string, listener: StreamListener): StreamPort | undefined;
	restart(): void;
	/** From now on answers about this job are expected. */
	holds(jobId: string): void;
	ended(how: Ending): void;
}

/** The execution that the agent holds: its record, its handler, and what the service has said of it. */
export class Execution implements RunHost, WatchdogHost {
	readonly #host: ExecutionHost;
	readonly #options: EngineOptions;
	readonly #observer: Observer;
	readonly #reports: Reports;
	readonly #steps: Watchdog;
	#run: HandlerRun | undefined;
	/** The service has spoken of it on this connection. */
	settled = false;
	/** The last answer did not fit the message buffer: it is asked for without its document. */
	tooLarge = false;
	/** The status in the update that was sent last. The record may hold a later one by now, which waits for its turn. */
	#reported: DeviceStatus = "IN_PROGRESS";
	/** Somebody else has changed it since our last report was taken. */
	#contested = false;
	/** The execution that another client runs: not claimed again on this connection. */
	#foreign = "";
	/** A handler waits for the document, as the service hands it out now. */
	#onDocument: ((document: JobDocument) => void) | undefined;

	constructor(host: ExecutionHost, observer: Observer, options: EngineOptions) {
		const { storage, progressMs = DEFAULT_PROGRESS_MS, stallMinutes = DEFAULT_STALL_MINUTES } = options;
		this.#host = host;
		this.#observer = observer;
		this.#options = options;
		this.#reports = new Reports(host, storage, progressMs);
		this.#steps = new Watchdog(this, options.stepTimeoutMinutes ?? DEFAULT_STEP_MINUTES, stallMinutes);
	}

	get record(): ExecutionRecord {
		return this.#reports.record;
	}

	log(text: string): void {
		this.#host.log(text);
	}

	/** Once, at the start: reads the record and counts this boot. */
	load(): void {
		this.#reports.load();
		const { record } = this;
		if (!record.held) return;
		this.#host.holds(record.jobId);
		record.resetsSinceCheckpoint += 1;
		record.resets += 1;
		this.log(
			`holding ${record.jobId} #${record.executionNumber}, boot ${record.resetsSinceCheckpoint} since its last checkpoint`,
		);
		const { maxResetsSinceCheckpoint = DEFAULT_MAX_BOOTS, maxResets = DEFAULT_MAX_ATTEMPTS, handlers } = this.#options;
		if (!record.ending && (record.resetsSinceCheckpoint > maxResetsSinceCheckpoint || record.resets > maxResets)) {
			const boots = String(record.resets);
			record.pending = "FAILED";
			record.details = { reason: "tooManyResets", resetReason: this.resetReason, boots };
		}
		this.#reports.save();
		this.#observer.claimed(record);
		const handler = record.checkpoint && handlers.find(record.operation);
		if (record.ending || handler === undefined || record.checkpoint === undefined) return;
		this.#run = new HandlerRun(handler, this, this.#reports, this.#steps);
		this.#run.boot(record.checkpoint);
	}

	/** There is a new connection. */
	connected(): void {
		this.settled = false;
		this.#foreign = "";
	}

	// ---- what its handler calls

	get resetReason(): string {
		return this.#options.resetReason;
	}

	finish(status: DeviceStatus, details: StatusDetails | undefined): void {
		this.#steps.stop();
		this.log(`${this.record.jobId}: ${status}${details === undefined ? "" : ` ${JSON.stringify(details)}`}`);
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
		this.settled = false;
		this.#host.soon();
	}

	stream(streamId: string, listener: StreamListener): StreamPort | undefined {
		return this.#host.stream(streamId, listener);
	}

	restart(): void {
		this.#host.restart();
	}

	// ---- what its watches call

	renew(): void {
		this.#reports.renew();
	}

	stalled(minutes: number): void {
		this.#run?.giveUp("stalled", { minutes: String(minutes) });
	}

	// ---- what goes to the service

	get needsDocument(): boolean {
		if (this.record.ending || this.tooLarge) return false;
		return !this.#run?.begun || this.#onDocument !== undefined;
	}

	/** @param hurry the device is about to be reset @returns the status that is to be reported now */
	next(hurry: boolean): DeviceStatus | undefined {
		return this.#reports.next(hurry);
	}

	/** A report of this status is on its way. */
	sent(status: DeviceStatus): void {
		this.#reported = status;
	}

	// ---- what the service says

	/** Takes an execution that the service handed out. @returns false for one that another client runs */
	claim(execution: AnsweredExecution): boolean {
		const { record } = this;
		const { jobId, executionNumber, versionNumber, jobDocument } = execution;
		if (this.#foreign === `${jobId}#${executionNumber}`) {
			this.log(`${jobId} is run by another client`);
			return false;
		}
		const handler = this.#options.handlers.findFor(jobDocument);
		record.clear();
		record.jobId = jobId;
		record.executionNumber = executionNumber;
		record.versionNumber = versionNumber;
		record.operation = handler?.operation ?? "";
		this.#host.holds(jobId);
		this.settled = true;
		this.#contested = false;
		this.log(`claimed ${jobId} #${executionNumber}, version ${versionNumber}`);
		this.#observer.claimed(record);
		if (handler !== undefined && !this.tooLarge) {
			// The record is empty and the service has a checkpoint: the flash was erased, which takes a reset.
			record.checkpoint = fromHex(execution.statusDetails?.checkpoint, MAX_CHECKPOINT_BYTES);
			if (record.checkpoint !== undefined) record.resetsSinceCheckpoint = 1;
			this.#reports.save();
		}
		this.#begin(this.tooLarge ? undefined : jobDocument);
		return true;
	}

	/** The answer to a question about it. */
	described(execution: AnsweredExecution | undefined): void {
		if (execution === undefined) return this.drop("the service does not know it");
		this.#settle(execution, this.record.pending, execution.jobDocument);
		this.#steps.left(execution.secondsLeft);
		this.#refreshed(execution.jobDocument);
	}

	/** The report was taken. */
	updated(state: AnsweredState | undefined): void {
		this.#taken(this.#reported, state);
	}

	/** The report was refused with the execution's state, and no further request is needed. @returns whether it has to wait */
	mismatched(state: AnsweredState | undefined): boolean {
		if (state === undefined) {
			this.settled = false;
			return false;
		}
		const { versionNumber } = this.record;
		if (reconcile(this.record, this.#reported, state) === "moved") {
			// An operator's tool may move the version once; who moves it again before a report was taken runs the execution itself.
			if (this.#contested) {
				this.#letForeignRun();
				return false;
			}
			this.#contested = true;
		}
		this.#settle(state, this.#reported, undefined);
		// A service that refuses the very version it names would be asked again and again.
		return this.record.held && state.versionNumber === versionNumber;
	}

	/** The service takes the report in this form not: once more with less, then never. */
	refused(code: string | undefined): void {
		const { record } = this;
		if (this.#reports.refused(code ?? "noCode")) return;
		if (record.ending) this.drop(code ?? "rejected");
		else record.pending = record.details = undefined;
	}

	drop(why: string, how: Ending = "takenAway"): void {
		const { jobId } = this.record;
		this.#run?.cancel();
		this.#observer.letGo(this.record, why);
		this.#forget();
		this.log(`${jobId} is let go: ${why}`);
		this.#host.ended(how);
	}

	#letForeignRun(): void {
		const { jobId, executionNumber } = this.record;
		this.#foreign = `${jobId}#${executionNumber}`;
		this.drop("another client runs it", "foreign");
	}

	/** @param reported what the service has applied */
	#taken(reported: DeviceStatus, state: AnsweredState | undefined): void {
		this.#contested = false;
		this.#observer.reported(this.record, this.#reported);
		if (reported !== "IN_PROGRESS") return this.#finished();
		this.#steps.reported();
		this.#reports.taken();
		if (state === undefined) this.settled = false;
		else this.#reports.setVersion(state.versionNumber);
	}

	/** Makes the record agree with what the service says. @param reported what was sent and not yet confirmed */
	#settle(state: AnsweredState, reported: DeviceStatus | undefined, document: JobDocument | undefined): void {
		const { record } = this;
		this.settled = true;
		switch (reconcile(record, reported, state)) {
			case "applied":
				this.log(`${record.jobId}: the service has applied ${state.status} already`);
				this.#taken(reported as DeviceStatus, state);
				if (!record.held) return;
				break;
			case "ended":
				return this.drop(`it is ${state.status}`);
			default:
				this.#reports.setVersion(state.versionNumber);
		}
		this.#begin(document);
	}

	/** Starts or resumes the handler, unless it runs or the end is being reported. */
	#begin(document: JobDocument | undefined): void {
		const { record } = this;
		if (record.ending || this.#run?.begun) return;
		if (this.tooLarge) {
			this.tooLarge = false;
			return this.finish("REJECTED", { reason: "documentTooLarge" });
		}
		const { handlers } = this.#options;
		const handler = handlers.findFor(document);
		if (handler === undefined) {
			// Not by String(): an object may say that it cannot be one, and the job would never end.
			const asked = document?.operation ?? "";
			const operation = typeof asked === "string" ? asked : JSON.stringify(asked);
			return this.finish("REJECTED", { reason: "unknownOperation", operation, known: handlers.names() });
		}
		if (this.#run?.handler !== handler) this.#run = new HandlerRun(handler, this, this.#reports, this.#steps);
		const { jobId, executionNumber, checkpoint } = record;
		const job = { jobId, executionNumber, document: document as JobDocument };
		const run = this.#run;
		run.begun = true;
		this.#steps.start();
		later(() => run.begin(job, checkpoint), 0, this); // for the stack's sake, as in `Engine.soon`
	}

	#refreshed(document: JobDocument | undefined): void {
		const onDocument = this.#onDocument;
		if (onDocument === undefined) return;
		this.#steps.held = false;
		if (document === undefined) {
			// A presigned URL may be longer than the one before.
			if (this.tooLarge) this.#run?.giveUp("documentTooLarge");
			return;
		}
		this.#onDocument = undefined;
		later(() => onDocument(document), 0, this);
	}

	#finished(): void {
		const { jobId } = this.record;
		this.#run?.end();
		this.#forget();
		this.log(`${jobId} is over`);
		this.#host.ended("reported");
	}

	#forget(): void {
		this.#steps.stop();
		this.#run = this.#onDocument = undefined;
		this.tooLarge = false;
		this.#reports.forget();
	}
}
