// What is to be reported of the execution, written to the record first. For the execution and its handler's run.
import Timer from "timer";
import { LogLevel } from "../base/log.js";
import { later } from "../base/timer.js";
import type { DeviceStatus, StatusDetails } from "../protocol/messages.js";
import { type ExecutionRecord, MAX_CHECKPOINT_BYTES } from "../protocol/record.js";
import { acceptableDetails } from "../protocol/status-details.js";
import type { Application } from "./application.js";
import type { EngineOptions } from "./options.js";
import { RecordStore } from "./record-store.js";
import type { Sender } from "./sender.js";

const DEFAULT_PROGRESS_MS = 1_000;
const DEFAULT_MAX_RESETS_SINCE_CHECKPOINT = 10;
const DEFAULT_MAX_RESETS = 100;
/** Resets that no exception causes. One does with `software`, which is that of a restart as well (`xsPlatform.c`, `fxAbort`). */
const CALM_RESETS: readonly string[] = Object.freeze(["powerOn", "external", "deepSleep", "brownOut", "unknown"], true);

/**
 * What is to be reported of the execution that is held. The record is written before the report that it describes is sent;
 * progress that comes faster than reports may go out is joined, and the last word always goes out.
 */
export class Reports {
	private readonly application: Application;
	private readonly sender: Sender;
	private readonly options: EngineOptions;
	private readonly store: RecordStore;
	/** Progress that waits for its turn. */
	private news: StatusDetails | undefined = undefined;
	/** Runs after a progress report: the next one waits for its end. */
	private pause: Timer | undefined = undefined;
	/** The record was changed since it was written. */
	private dirty = false;

	constructor(application: Application, sender: Sender, options: EngineOptions) {
		this.application = application;
		this.sender = sender;
		this.options = options;
		this.store = new RecordStore(options.storage);
	}

	get record(): ExecutionRecord {
		return this.store.record;
	}

	/**
	 * Once, at the start: reads the record, and counts this reset. A job in which there were too many ends FAILED, and so does one
	 * whose resets cannot be counted.
	 *
	 * @returns false when a reset that the machine made cannot be counted: only time keeps it from the next
	 */
	load(): boolean {
		this.store.load();
		const { record, application } = this;
		const isCalm = CALM_RESETS.includes(application.resetReason);
		if (!record.held) return isCalm || this.countAbort();
		record.resetsSinceCheckpoint += 1;
		record.resets += 1;
		const { jobId, executionNumber, resetsSinceCheckpoint, resets } = record;
		application.log(`holding ${jobId} #${executionNumber}; resets since its last checkpoint: ${resetsSinceCheckpoint}`);
		const { maxResets = DEFAULT_MAX_RESETS } = this.options;
		if (!record.ending && (resetsSinceCheckpoint > this.maxResetsSinceCheckpoint || resets > maxResets)) {
			record.pending = "FAILED";
			record.details = this.tooManyResets(resets);
		}
		const problem = this.save();
		if (problem !== undefined && !record.ending) {
			record.pending = "FAILED";
			record.details = { reason: "storageFailed", error: problem };
		}
		return isCalm || problem === undefined;
	}

	/** Aborts without a job, one after the other: the next job that is handed out may be what ends the machine. */
	get isWary(): boolean {
		const { held, resets } = this.record;
		return !held && resets > this.maxResetsSinceCheckpoint;
	}

	/** The service was asked for a job, and its answer did not end the machine. */
	answered(): void {
		const { record } = this;
		if (record.held || record.resets === 0) return;
		record.resets = 0;
		this.save();
	}

	tooManyResets(boots: number): StatusDetails {
		return { reason: "tooManyResets", resetReason: this.application.resetReason, boots: String(boots) };
	}

	/**
	 * While no job is held, `resets` counts those that the machine made itself: an answer may end it before there is a record of the
	 * job. One write for each, up to the limit.
	 */
	private countAbort(): boolean {
		if (this.isWary) return true;
		this.record.resets += 1;
		return this.save() === undefined;
	}

	private get maxResetsSinceCheckpoint(): number {
		return this.options.maxResetsSinceCheckpoint ?? DEFAULT_MAX_RESETS_SINCE_CHECKPOINT;
	}

	/** There may be something to send. */
	soon(): void {
		this.sender.soon();
	}

	progress(details: StatusDetails): void {
		this.news = details;
		this.sender.soon();
	}

	/** The checkpoint is in storage when this returns. @returns why it is not */
	checkpoint(bytes: Uint8Array, details: StatusDetails | undefined): string | undefined {
		const { record } = this;
		if (bytes.byteLength > MAX_CHECKPOINT_BYTES) {
			throw new RangeError(`checkpoint of ${bytes.byteLength} bytes; at most ${MAX_CHECKPOINT_BYTES} are kept`);
		}
		record.checkpoint = bytes.slice();
		record.resetsSinceCheckpoint = 0;
		if (details !== undefined) {
			this.news = details;
			this.endPause();
		}
		// One write for both: the checkpoint and the report of it.
		if (this.sender.idle) this.stage();
		this.sender.soon();
		return this.save();
	}

	/** How the execution ends: it is in storage when this returns, unless the storage failed. */
	finish(status: DeviceStatus, details: StatusDetails | undefined): void {
		const { record } = this;
		this.application.log(`${record.jobId}: ${status}${details === undefined ? "" : ` ${JSON.stringify(details)}`}`);
		this.news = undefined;
		record.pending = status;
		record.details = details && acceptableDetails(details);
		// In both slots: one that is damaged before the report is taken does not make the job run again.
		this.save();
		this.save();
		this.sender.soon();
	}

	/** A report without news, for the service's step timer. */
	renew(): void {
		const { record } = this;
		if (record.pending !== undefined) return;
		record.pending = "IN_PROGRESS";
		record.details = undefined;
		this.dirty = true;
		this.sender.soon();
	}

	/** @param hurry the device is about to be reset @returns the status that is to be reported now */
	next(hurry: boolean): DeviceStatus | undefined {
		const { record } = this;
		if (record.pending === undefined && (hurry || this.pause === undefined)) this.stage();
		if (record.pending !== undefined && this.dirty) this.save();
		return record.pending;
	}

	/** The service has taken the report of progress. */
	taken(): void {
		const { record } = this;
		if (!record.ending) record.pending = record.details = undefined;
		this.dirty = true;
		this.endPause();
		const { progressMs = DEFAULT_PROGRESS_MS } = this.options;
		this.pause = later(this, this.goOn, progressMs, this.application);
	}

	private goOn(): void {
		this.pause = undefined;
		this.sender.soon();
	}

	/**
	 * The service refuses the report as it stands: once more with no more than the reason and the code, then not again.
	 *
	 * @returns false when it was refused so already
	 */
	refused(code: string): boolean {
		const { record } = this;
		if (record.details?.rejected !== undefined) return false;
		const reason = record.details?.reason;
		record.details = { ...(reason !== undefined && { reason }), rejected: code };
		this.dirty = true;
		return true;
	}

	/** What the service says of the version. */
	setVersion(versionNumber: number): void {
		if (this.record.versionNumber === versionNumber) return;
		this.record.versionNumber = versionNumber;
		this.dirty = true;
	}

	/** The execution is over or gone. What it was is kept: it may be handed out again. @param isRefused its end is kept as well */
	forget(isRefused: boolean): void {
		const { record } = this;
		this.news = undefined;
		this.endPause();
		const { jobId, executionNumber, repeats } = record;
		if (!isRefused) {
			record.clear();
			record.jobId = jobId;
			record.executionNumber = executionNumber;
			record.repeats = repeats;
		}
		record.refused = true;
		record.resets = record.resetsSinceCheckpoint = 0;
		this.save();
	}

	/** @returns why the record is not in storage */
	save(): string | undefined {
		this.dirty = false;
		this.application.counters.recordWrites += 1;
		try {
			this.store.save();
			return undefined;
		} catch (error) {
			// A job goes on without its net, as far as no reset: a device with worn flash should still do what it is told.
			this.application.log(`the record could not be written: ${String(error)}`, LogLevel.error);
			return String(error);
		}
	}

	private stage(): void {
		const { record } = this;
		if (this.news === undefined || record.pending !== undefined) return;
		record.pending = "IN_PROGRESS";
		record.details = acceptableDetails(this.news, 1);
		this.news = undefined;
		this.dirty = true;
	}

	private endPause(): void {
		Timer.clear(this.pause);
		this.pause = undefined;
	}
}
