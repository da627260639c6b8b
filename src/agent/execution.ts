// The execution that the agent holds. The engine asks it what is to be reported, and tells it what the service said.
import { fromHex } from "../base/bytes.js";
import type { AnsweredExecution, AnsweredState } from "../protocol/answers.js";
import type { DeviceStatus, JobDocument } from "../protocol/messages.js";
import { reconcile } from "../protocol/reconcile.js";
import { type ExecutionRecord, MAX_CHECKPOINT_BYTES } from "../protocol/record.js";
import type { Application } from "./application.js";
import { HandlerRun } from "./context.js";
import type { Handler } from "./handler.js";
import type { HandlerRegistry } from "./handler-registry.js";
import type { EngineOptions } from "./options.js";
import { Reports } from "./reports.js";
import type { Sender } from "./sender.js";
import type { Streams } from "./streams.js";
import { Watchdog } from "./watchdog.js";

/** What has become of the execution by something that the service said. */
export type Fate =
	/** Nothing that changes what is asked next. */
	| "same"
	/** It goes on, and the service has said all that is to be known of it. */
	| "settled"
	/** The service has to be asked about it. */
	| "unsettled"
	/** It is settled, but the service would refuse the same report again. */
	| "stuck"
	/** It has ended by this device's report, and is held no more. */
	| "reported"
	/** The service refuses its end, or to tell of it: it is held no more. An end is kept. */
	| "refused"
	/** It was taken away, and is held no more. */
	| "takenAway"
	/** Another client runs it: it is held no more. */
	| "foreign";

/** The execution that the agent holds: its record, its handler, and what the service has said of it. */
export class Execution {
	private readonly application: Application;
	private readonly streams: Streams;
	private readonly handlers: HandlerRegistry;
	private readonly reports: Reports;
	private readonly watchdog: Watchdog;
	private run: HandlerRun | undefined = undefined;
	/** The status in the update that was sent last. The record may hold a later one by now, which waits for its turn. */
	private sent: DeviceStatus = "IN_PROGRESS";
	/** Somebody else has changed it since our last report was taken. */
	private isContested = false;
	/** The execution that another client runs: not claimed again on this connection. */
	private foreign: string | undefined = undefined;

	constructor(application: Application, sender: Sender, streams: Streams, options: EngineOptions) {
		this.application = application;
		this.streams = streams;
		this.handlers = options.handlers;
		this.reports = new Reports(application, sender, options);
		this.watchdog = new Watchdog(application, this.reports, options);
	}

	get record(): ExecutionRecord {
		return this.reports.record;
	}

	/** Once, at the start: reads the record; a handler with a checkpoint hears of it before there is a network. @returns see `Reports.load` */
	load(): boolean {
		const isCounted = this.reports.load();
		const { held, ending, checkpoint, operation } = this.record;
		if (held) this.tellClaimed();
		const handler = held && !ending && checkpoint && this.handlers.find(operation);
		if (handler && checkpoint) this.prepare(handler).boot(checkpoint);
		return isCounted;
	}

	/** There is a new connection. */
	connected(): void {
		this.foreign = undefined;
	}

	// ---- what is to be asked and said

	/** Whether the next job is asked for without its document: see `Reports.isWary`. */
	get isWary(): boolean {
		return this.reports.isWary;
	}

	/** The service has no job. */
	none(): void {
		this.reports.answered();
		this.application.log("nothing is pending");
		this.application.tell({ type: "idle" });
	}

	/** The handler wants a reset. */
	get wantsReset(): boolean {
		return this.run?.wantsReset ?? false;
	}

	/** The handler wants the document again. @returns false when the service was asked already */
	takeRefresh(): boolean {
		const { run } = this;
		const wanted = run?.wantsDocument ?? false;
		if (run !== undefined) run.wantsDocument = false;
		return wanted;
	}

	/** Whether a question about it asks for its document. */
	get needsDocument(): boolean {
		return !this.record.ending && (this.run?.needsDocument ?? true);
	}

	/**
	 * What is to be reported now: it counts as sent. The record is in storage.
	 *
	 * @param hurry the device is about to be reset
	 */
	report(hurry: boolean): DeviceStatus | undefined {
		const status = this.reports.next(hurry);
		if (status !== undefined) this.sent = status;
		return status;
	}

	// ---- what the service says

	/**
	 * Takes an execution that the service handed out, unless another client runs it.
	 *
	 * @param isTooLarge it came without its document, which does not fit the message buffer
	 */
	claim(execution: AnsweredExecution, isTooLarge: boolean): Fate {
		const { record, application } = this;
		const { jobId, executionNumber, versionNumber, jobDocument } = execution;
		if (this.foreign === `${jobId}#${executionNumber}`) {
			application.log(`${jobId} is run by another client`);
			return "same";
		}
		if (record.ending && record.jobId === jobId && record.executionNumber === executionNumber) {
			application.log(`${jobId} has ended here: its end is reported once more`);
			record.refused = false;
			this.reports.setVersion(versionNumber);
			return "settled";
		}
		const handler = this.handlers.findFor(jobDocument);
		const { isWary } = this;
		const { resets: aborts, repeats: before } = record;
		const repeats = record.jobId === jobId ? before + 1 : 0;
		record.clear();
		record.repeats = repeats;
		record.jobId = jobId;
		record.executionNumber = executionNumber;
		record.versionNumber = versionNumber;
		record.operation = handler?.operation ?? "";
		this.isContested = false;
		application.log(`claimed ${jobId} #${executionNumber}, version ${versionNumber}`);
		this.tellClaimed();
		if (isWary && isTooLarge) this.reports.finish("FAILED", this.reports.tooManyResets(aborts));
		if (handler !== undefined && !isTooLarge) {
			// The record is empty and the service has a checkpoint: the flash was erased, which takes a reset.
			record.checkpoint = fromHex(execution.statusDetails?.checkpoint, MAX_CHECKPOINT_BYTES);
			if (record.checkpoint !== undefined) record.resetsSinceCheckpoint = 1;
			this.reports.save();
		}
		this.begin(jobDocument, isTooLarge);
		return "settled";
	}

	/** The answer to a question about it. @param isTooLarge see `claim` */
	described(execution: AnsweredExecution | undefined, isTooLarge: boolean): Fate {
		if (execution === undefined) return this.drop("the service does not know it");
		const { jobDocument, secondsLeft } = execution;
		const fate = this.settle(execution, this.record.pending, jobDocument, isTooLarge);
		if (fate !== "settled") return fate;
		this.watchdog.left(secondsLeft);
		this.run?.refreshed(jobDocument, isTooLarge);
		return fate;
	}

	/** The report was taken. */
	updated(state: AnsweredState | undefined): Fate {
		return this.taken(this.sent, state);
	}

	/** The report was refused for the execution's state: with that state no further request is needed. */
	mismatched(state: AnsweredState | undefined): Fate {
		if (state === undefined) return "unsettled";
		const { versionNumber } = this.record;
		if (reconcile(this.record, this.sent, state) === "moved") {
			// An operator's tool may move the version once; who moves it again before a report was taken runs the execution itself.
			if (this.isContested) return this.leaveToOther();
			this.isContested = true;
		}
		const fate = this.settle(state, this.sent, undefined, false);
		// A service that refuses the very version it names would be asked again and again.
		return fate === "settled" && state.versionNumber === versionNumber ? "stuck" : fate;
	}

	/** The service does not take the report in this form: it is sent once more with less, then never. Or it does not tell of it. */
	refused(code: string | undefined, isReport: boolean): Fate {
		const { record } = this;
		if (!isReport) return this.drop(code ?? "rejected", "refused");
		if (this.reports.refused(code ?? "noCode")) return "same";
		if (record.ending) return this.drop(code ?? "rejected", "refused");
		record.pending = record.details = undefined;
		return "same";
	}

	/** It was taken away. */
	drop(why: string, fate: Fate = "takenAway"): Fate {
		const { jobId, executionNumber } = this.record;
		this.run?.cancel();
		this.application.tell({ type: "released", jobId, executionNumber, why });
		this.forget(fate === "refused" && this.record.ending);
		this.application.log(`${jobId} is let go: ${why}`);
		return fate;
	}

	private leaveToOther(): Fate {
		const { jobId, executionNumber } = this.record;
		this.foreign = `${jobId}#${executionNumber}`;
		return this.drop("another client runs it", "foreign");
	}

	/** Makes the record agree with what the service says. @param reported what was sent and not yet confirmed */
	private settle(
		state: AnsweredState,
		reported: DeviceStatus | undefined,
		document: JobDocument | undefined,
		isTooLarge: boolean,
	): Fate {
		const { record, application } = this;
		switch (reconcile(record, reported, state)) {
			case "applied":
				application.log(`${record.jobId}: the service has applied ${state.status} already`);
				if (this.taken(reported as DeviceStatus, state) === "reported") return "reported";
				break;
			case "ended":
				return this.drop(`it is ${state.status}`);
			default:
				this.reports.setVersion(state.versionNumber);
		}
		this.begin(document, isTooLarge);
		return "settled";
	}

	/** @param reported what the service has applied */
	private taken(reported: DeviceStatus, state: AnsweredState | undefined): Fate {
		const { jobId, executionNumber, details } = this.record;
		this.isContested = false;
		this.application.tell({ type: "reported", jobId, executionNumber, status: this.sent, details });
		if (reported !== "IN_PROGRESS") {
			this.run?.end();
			this.forget();
			this.application.log(`${jobId} is over`);
			return "reported";
		}
		this.watchdog.reported();
		this.reports.taken();
		if (state === undefined) return "unsettled";
		this.reports.setVersion(state.versionNumber);
		return "same";
	}

	/** Starts or resumes the handler, unless it runs or the end is being reported. */
	private begin(document: JobDocument | undefined, isTooLarge: boolean): void {
		const { record, reports, handlers } = this;
		if (record.ending || this.run?.begun) return;
		if (isTooLarge) return reports.finish("REJECTED", { reason: "documentTooLarge" });
		const handler = handlers.findFor(document);
		if (handler === undefined) {
			// Not by String(): an object may say that it cannot be one, and the job would never end.
			const asked = document?.operation ?? "";
			const operation = typeof asked === "string" ? asked : JSON.stringify(asked);
			return reports.finish("REJECTED", { reason: "unknownOperation", operation, known: handlers.names() });
		}
		const { jobId, executionNumber, checkpoint } = record;
		const run = this.prepare(handler);
		this.watchdog.start(run);
		run.begin({ jobId, executionNumber, document: document as JobDocument }, checkpoint);
	}

	/** The handler's run: the one that was made at the start, if it is of this handler. */
	private prepare(handler: Handler): HandlerRun {
		if (this.run?.handler === handler) return this.run;
		this.run?.end();
		this.run = new HandlerRun(handler, this.application, this.reports, this.streams);
		return this.run;
	}

	private tellClaimed(): void {
		const { jobId, executionNumber } = this.record;
		this.application.tell({ type: "claimed", jobId, executionNumber });
	}

	private forget(isRefused = false): void {
		this.watchdog.stop();
		this.run = undefined;
		this.handlers.release();
		this.streams.close();
		this.reports.forget(isRefused);
	}
}
