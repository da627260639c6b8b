import Timer from "timer";
import { later } from "../base/timer.js";
import type { DeviceStatus, JobDocument, StatusDetails } from "../protocol/messages.js";
import type { Reason } from "../protocol/reasons.js";
import type { GatedStep, Handler, Job, JobContext } from "./handler.js";
import type { Reports } from "./reports.js";
import type { StreamListener, StreamPort } from "./streams.js";
import type { Watchdog } from "./watchdog.js";

/** What a running handler asks of others than its reports and its watchdog. */
export interface RunHost {
	readonly resetReason: string;
	finish(status: DeviceStatus, details: StatusDetails | undefined): void;
	gate(step: GatedStep, proceed: () => void): void;
	refresh(onDocument: (document: JobDocument) => void): void;
	stream(streamId: string, listener: StreamListener): StreamPort | undefined;
	restart(): void;
	log(text: string): void;
}

/** One run of a handler: its context, and the wall between what it throws and the engine. */
export class HandlerRun implements JobContext {
	/** Whether start or resume was called, or is about to be; before that only `boot` was. */
	begun = false;
	readonly handler: Handler;
	readonly #host: RunHost;
	readonly #reports: Reports;
	readonly #watchdog: Watchdog;
	/** Of `after`. They end with the execution. */
	readonly #timers: Timer[] = [];
	#ended = false;

	constructor(handler: Handler, host: RunHost, reports: Reports, watchdog: Watchdog) {
		this.handler = handler;
		this.#host = host;
		this.#reports = reports;
		this.#watchdog = watchdog;
	}

	boot(checkpoint: Uint8Array): void {
		this.guard(() => this.handler.beforeNetwork?.(this, checkpoint))();
	}

	begin(job: Job, checkpoint: Uint8Array | undefined): void {
		this.guard(() => {
			if (checkpoint !== undefined && this.handler.resume) this.handler.resume(job, this, checkpoint);
			else this.handler.start(job, this);
		})();
	}

	/** The execution has ended, by the handler's own word. */
	end(): void {
		this.#ended = true;
		for (const timer of this.#timers) Timer.clear(timer);
		this.#timers.length = 0;
	}

	/** The execution was taken away. */
	cancel(): void {
		if (this.#ended) return;
		this.end();
		this.#cleanUp();
	}

	get resetsSinceCheckpoint(): number {
		return this.#reports.record.resetsSinceCheckpoint;
	}

	get resetReason(): string {
		return this.#host.resetReason;
	}

	get ended(): boolean {
		return this.#ended;
	}

	progress(details: StatusDetails): void {
		if (this.#ended) return;
		this.#watchdog.alive();
		this.#reports.progress(details);
	}

	checkpoint(bytes: Uint8Array, details?: StatusDetails): void {
		if (this.#ended) return;
		this.#watchdog.alive();
		this.#reports.checkpoint(bytes, details);
	}

	succeed(details?: StatusDetails): void {
		this.#finish("SUCCEEDED", details);
	}

	fail(reason: Reason, details?: StatusDetails): void {
		const { resets } = this.#reports.record;
		// A device that was reset while the job ran says how often, and what the last cause was.
		const why = resets > 0 && { resetReason: this.resetReason, boots: String(resets) };
		this.#finish("FAILED", { reason, ...details, ...why });
	}

	/** The handler cannot go on, or gives no sign of life: it is given up, and told to put things back in order. */
	giveUp(reason: Reason, details?: StatusDetails): void {
		if (this.#ended) return;
		this.fail(reason, details);
		this.#cleanUp();
	}

	alive(): void {
		if (!this.#ended) this.#watchdog.alive();
	}

	reject(reason: Reason, details?: StatusDetails): void {
		this.#finish("REJECTED", { reason, ...details });
	}

	gate(step: GatedStep, proceed: () => void): void {
		if (!this.#ended) this.#host.gate(step, this.guard(proceed));
	}

	refresh(onDocument: (document: JobDocument) => void): void {
		if (!this.#ended) this.#host.refresh(this.guard(onDocument));
	}

	stream(streamId: string, listener: StreamListener): StreamPort | undefined {
		if (this.#ended) return undefined;
		return this.#host.stream(streamId, {
			block: this.guard((message: Uint8Array) => listener.block(message)),
			rejected: this.guard((message: Uint8Array) => listener.rejected(message)),
			online: this.guard(() => listener.online()),
		});
	}

	restart(): void {
		if (!this.#ended) this.#host.restart();
	}

	after(milliseconds: number, callback: () => void): void {
		if (this.#ended) return;
		const timers = this.#timers;
		const guarded = this.guard(callback);
		const timer = later(
			() => {
				timers.splice(timers.indexOf(timer), 1);
				guarded();
			},
			milliseconds,
			this.#host,
		);
		timers.push(timer);
	}

	guard<A extends unknown[]>(callback: (...args: A) => void): (...args: A) => void {
		return (...args) => {
			if (this.#ended) return;
			try {
				callback(...args);
			} catch (error) {
				this.#host.log(`${this.handler.operation}: threw ${String(error)}`);
				this.fail("handlerError", { error: String(error) });
				this.#cleanUp();
			}
		};
	}

	log(text: string): void {
		this.#host.log(`${this.handler.operation}: ${text}`);
	}

	#cleanUp(): void {
		try {
			this.handler.cancel?.();
		} catch (error) {
			this.#host.log(`${this.handler.operation}: cancel threw ${String(error)}`);
		}
	}

	#finish(status: DeviceStatus, details: StatusDetails | undefined): void {
		if (this.#ended) return;
		this.end();
		this.#host.finish(status, details);
	}
}
