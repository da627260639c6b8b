import Timer from "timer";
import { later } from "../base/timer.js";
import type { DeviceStatus, JobDocument, StatusDetails } from "../protocol/messages.js";
import type { Reason } from "../protocol/reasons.js";
import type { Application } from "./application.js";
import type { GatedStep, Handler, Job, JobContext } from "./handler.js";
import type { Reports } from "./reports.js";
import type { StreamListener, StreamPort, Streams } from "./streams.js";

/** A timer of a handler's. */
interface TaskTimer extends Timer {
	task: () => void;
}

/**
 * One run of a handler: the context that the handler is given, and the wall between what it throws and the engine. What the
 * handler wants of the service (its document again) or of the device (a reset) is noted here: the engine looks when it
 * decides what is next.
 */
export class HandlerRun implements JobContext {
	/** Whether start or resume was called, or is about to be; before that only `beforeNetwork` was. */
	begun = false;
	/** True once the execution has ended or was taken away. */
	ended = false;
	/** The handler wants a reset. */
	wantsReset = false;
	/** The handler wants the document as the service hands it out now, and the service was not asked yet. */
	wantsDocument = false;
	readonly handler: Handler;
	private readonly application: Application;
	private readonly reports: Reports;
	private readonly streams: Streams;
	/** Of `after`. They end with the execution. */
	private readonly timers: TaskTimer[] = [];
	private onDocument: ((document: JobDocument) => void) | undefined = undefined;
	/** The application holds a gate, or the service has not handed out the document again yet. */
	private waits = false;
	/** Since the handler's last sign of life. */
	private quietMinutes = 0;

	constructor(handler: Handler, application: Application, reports: Reports, streams: Streams) {
		this.handler = handler;
		this.application = application;
		this.reports = reports;
		this.streams = streams;
	}

	// ---- what the execution calls

	/** After a reset, before there is a network. */
	boot(checkpoint: Uint8Array): void {
		this.call(() => this.handler.beforeNetwork?.(this, checkpoint));
	}

	/** Starts or resumes the job, from the machine's own loop: for the stack's sake, as in `Sender.soon`. */
	begin(job: Job, checkpoint: Uint8Array | undefined): void {
		const { handler } = this;
		this.begun = true;
		this.waits = false;
		this.quietMinutes = 0;
		this.after(0, () => {
			if (checkpoint !== undefined && handler.resume) handler.resume(job, this, checkpoint);
			else handler.start(job, this);
		});
	}

	/** Whether the next question to the service asks for the document as well. */
	get needsDocument(): boolean {
		return !this.begun || this.onDocument !== undefined;
	}

	/**
	 * The service was asked for the document again.
	 *
	 * @param document undefined when it did not come
	 * @param isTooLarge it is larger than the message buffer: a presigned URL may be longer than the one before
	 */
	refreshed(document: JobDocument | undefined, isTooLarge: boolean): void {
		const { onDocument } = this;
		if (onDocument === undefined) return;
		this.waits = false;
		if (document !== undefined) {
			this.onDocument = undefined;
			this.wantsDocument = false;
			this.after(0, () => onDocument(document));
		} else if (isTooLarge) this.giveUp("documentTooLarge");
	}

	/** Another minute has passed. @returns how many the handler has given no sign of life for, when one is expected */
	minute(): number {
		this.quietMinutes = this.waits ? 0 : this.quietMinutes + 1;
		return this.quietMinutes;
	}

	/** The handler cannot go on, or gives no sign of life: it is given up, and told to put things back in order. */
	giveUp(reason: Reason, details?: StatusDetails): void {
		if (this.ended) return;
		this.fail(reason, details);
		this.cleanUp();
	}

	/** The execution has ended, by the handler's own word. */
	end(): void {
		this.ended = true;
		this.wantsDocument = false;
		for (const timer of this.timers) Timer.clear(timer);
		this.timers.length = 0;
	}

	/** The execution was taken away. */
	cancel(): void {
		if (this.ended) return;
		this.end();
		this.cleanUp();
	}

	// ---- what the handler calls

	get resetsSinceCheckpoint(): number {
		return this.reports.record.resetsSinceCheckpoint;
	}

	get resetReason(): string {
		return this.application.resetReason;
	}

	progress(details: StatusDetails): void {
		if (this.ended) return;
		this.quietMinutes = 0;
		this.reports.progress(details);
	}

	alive(): void {
		this.quietMinutes = 0;
	}

	checkpoint(bytes: Uint8Array, details?: StatusDetails): void {
		if (this.ended) return;
		this.quietMinutes = 0;
		const problem = this.reports.checkpoint(bytes, details);
		if (problem === undefined) return;
		// After a reset nothing would tell how far the job had come: it would begin again, and reset again.
		this.fail("storageFailed", { error: problem });
		throw new Error("the checkpoint could not be written");
	}

	succeed(details?: StatusDetails): void {
		this.finish("SUCCEEDED", details);
	}

	fail(reason: Reason, details?: StatusDetails): void {
		const { resets } = this.reports.record;
		// A device that was reset while the job ran says how often, and what the last cause was, unless the handler knows better.
		const why = resets > 0 && { resetReason: this.resetReason, boots: String(resets) };
		this.finish("FAILED", { reason, ...details, ...why, ...details });
	}

	reject(reason: Reason, details?: StatusDetails): void {
		this.finish("REJECTED", { reason, ...details });
	}

	gate(step: GatedStep, proceed: () => void): void {
		if (this.ended) return;
		this.waits = true;
		const allowed = () => {
			this.waits = false;
			proceed();
		};
		this.application.gate(step, () => this.call(allowed));
	}

	refresh(onDocument: (document: JobDocument) => void): void {
		if (this.ended) return;
		this.onDocument = onDocument;
		this.waits = this.wantsDocument = true;
		this.reports.soon();
	}

	stream(streamId: string, listener: StreamListener): StreamPort | undefined {
		if (this.ended) return undefined;
		return this.streams.open(streamId, {
			block: (message) => this.call(() => listener.block(message)),
			rejected: (message) => this.call(() => listener.rejected(message)),
			online: () => this.call(() => listener.online()),
		});
	}

	restart(): void {
		if (this.ended) return;
		this.wantsReset = true;
		this.reports.soon();
	}

	after(milliseconds: number, callback: () => void): void {
		if (this.ended) return;
		const timer = later(this, this.timeUp, milliseconds, this.application);
		this.timers.push(Object.assign(timer, { task: callback }));
	}

	log(text: string): void {
		this.application.log(`${this.handler.operation}: ${text}`);
	}

	private timeUp(timer: Timer): void {
		const { timers } = this;
		const { task } = timer as TaskTimer;
		timers.splice(timers.indexOf(timer as TaskTimer), 1);
		this.call(task);
	}

	/** Calls the handler: what it throws fails the job. */
	private call(callback: () => void): void {
		if (this.ended) return;
		try {
			callback();
		} catch (error) {
			this.log(`threw ${String(error)}`);
			this.fail("handlerError", { error: String(error) });
			this.cleanUp();
		}
	}

	private cleanUp(): void {
		try {
			this.handler.cancel?.();
		} catch (error) {
			this.log(`cancel threw ${String(error)}`);
		}
	}

	private finish(status: DeviceStatus, details: StatusDetails | undefined): void {
		if (this.ended) return;
		this.end();
		this.reports.finish(status, details);
	}
}
