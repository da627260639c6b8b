// When the service is asked for the next execution again. For the engine.
import Timer from "timer";
import { later } from "../base/timer.js";
import type { ExecutionRecord } from "../protocol/record.js";
import type { Application } from "./application.js";

/** AWS sends notify-next when an execution ends: the next one is asked for if that stays away this long. */
const NOTICE_MS = 10_000;
/** After the service has rejected StartNext itself, unless it tells of a job; or refused the end of an execution. */
const REST_MS = 3_600_000;

/** Whom the questions tell that it is time to ask. */
export interface Asker {
	ask(): void;
}
/** A job that has come again so often is not asked for at once: AWS tries one again ten times. */
const MAX_REPEATS = 10;

/** While no execution is held: the engine waits for a notification, for a while or an hour; or asks for nothing for an hour. */
export class Questions {
	private readonly application: Application;
	private readonly asker: Asker;
	private noticeTimer: Timer | undefined = undefined;
	private restTimer: Timer | undefined = undefined;

	constructor(application: Application, asker: Asker) {
		this.application = application;
		this.asker = asker;
	}

	/** Whether the service is asked for nothing: what it tells, and a new connection, do not change that. */
	get isResting(): boolean {
		return this.restTimer !== undefined;
	}

	/** A notification is expected. @param isSoon not when the service rejects the question itself */
	expectNotice(isSoon: boolean): void {
		this.noticed();
		this.noticeTimer = this.askIn(isSoon ? NOTICE_MS : REST_MS);
	}

	/** It came, or will not come. */
	noticed(): void {
		Timer.clear(this.noticeTimer);
		this.noticeTimer = undefined;
	}

	rest(): void {
		this.noticed();
		this.restTimer ??= this.askIn(REST_MS);
	}

	/** The service was heard. One that hands out the same job again and again is asked in an hour. */
	followed(record: ExecutionRecord): void {
		if (record.held || record.repeats < MAX_REPEATS) return;
		record.repeats = 0;
		this.application.log(`${record.jobId} comes again and again`);
		this.rest();
	}

	private askIn(milliseconds: number): Timer {
		return later(this, this.ask, milliseconds, this.application);
	}

	private ask(): void {
		this.noticeTimer = this.restTimer = undefined;
		this.asker.ask();
	}
}
