// Gives up a handler that is silent, and renews the service's step timer. For the execution.
import Timer from "timer";
import { later } from "../base/timer.js";
import type { Application } from "./application.js";
import type { HandlerRun } from "./context.js";
import { DEFAULT_STEP_MINUTES, type EngineOptions } from "./options.js";
import type { Reports } from "./reports.js";

const MINUTE_MS = 60_000;
const DEFAULT_STALL_MINUTES = 30;

/**
 * Two watches over a running handler, looked at once a minute: the service's step timer, which a report starts anew, and
 * the handler's own signs of life. While the handler waits for the application or the service, nobody expects any.
 */
export class Watchdog {
	private readonly application: Application;
	private readonly reports: Reports;
	private readonly options: EngineOptions;
	private run: HandlerRun | undefined = undefined;
	private timer: Timer | undefined = undefined;
	/** Minutes since the service took a report. */
	private unreported = 0;

	constructor(application: Application, reports: Reports, options: EngineOptions) {
		this.application = application;
		this.reports = reports;
		this.options = options;
	}

	/** A handler runs. */
	start(run: HandlerRun): void {
		this.run = run;
		this.unreported = 0;
		this.wait();
	}

	stop(): void {
		Timer.clear(this.timer);
		this.timer = this.run = undefined;
	}

	/** The service has started its timer anew. */
	reported(): void {
		this.unreported = 0;
	}

	/** The service says how long its timer still has: after a long time without power it may be little. */
	left(seconds: number | undefined): void {
		if (seconds !== undefined) this.unreported = this.stepMinutes - Math.floor(seconds / 60);
	}

	private get stepMinutes(): number {
		return this.options.stepTimeoutMinutes ?? DEFAULT_STEP_MINUTES;
	}

	private wait(): void {
		Timer.clear(this.timer);
		this.timer = later(this, this.minute, MINUTE_MS, this.application);
	}

	private minute(): void {
		const { run } = this;
		if (run === undefined || run.ended) return this.stop(); // its end is reported, or will be
		this.wait();
		this.unreported += 1;
		const { stallMinutes = DEFAULT_STALL_MINUTES } = this.options;
		const quiet = run.minute();
		if (stallMinutes > 0 && quiet >= stallMinutes) run.giveUp("stalled", { minutes: String(quiet) });
		else if (this.stepMinutes > 0 && this.unreported * 2 >= this.stepMinutes) this.reports.renew();
	}
}
