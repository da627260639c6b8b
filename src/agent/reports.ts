import Timer from "timer";
import { LogLevel } from "../base/log.js";
import { later } from "../base/timer.js";
import type { DeviceStatus, StatusDetails } from "../protocol/messages.js";
import { type ExecutionRecord, MAX_CHECKPOINT_BYTES } from "../protocol/record.js";
import { acceptableDetails } from "../protocol/status-details.js";
import type { Counters } from "./events.js";
import { RecordStore, type SlotStorage } from "./record-store.js";

/** Whom the reports belong to. */
export interface ReportsHost {
	log(text: string, level?: LogLevel): void;
	readonly counters: Counters;
	/** Whether a report could go out now. */
	readonly idle: boolean;
	/** There may be something to send. */
	soon(): void;
}

/**
 * What is to be reported of the execution that is held. The record is written before the report that it describes is sent;
 * progress that comes faster than reports may go out is joined, and the last word always goes out.
 */
export class Reports {
	readonly #host: ReportsHost;
	readonly #progressMs: number;
	readonly #store: RecordStore;
	/** Progress that waits for its turn. */
	#news: StatusDetails | undefined = undefined;
	/** Runs after a progress report: the next one waits for its end. */
	#pause: Timer | undefined = undefined;
	/** The record was changed since it was written. */
	#dirty = false;

	/** @param progressMs the least time between two progress reports */
	constructor(host: ReportsHost, storage: SlotStorage, progressMs: number) {
		this.#host = host;
		this.#progressMs = progressMs;
		this.#store = new RecordStore(storage);
	}

	get record(): ExecutionRecord {
		return this.#store.record;
	}

	load(): void {
		this.#store.load();
	}

	progress(details: StatusDetails): void {
		this.#news = details;
		this.#host.soon();
	}

	/** The checkpoint is in storage when this returns. */
	checkpoint(bytes: Uint8Array, details: StatusDetails | undefined): void {
		const { record } = this;
		if (bytes.byteLength > MAX_CHECKPOINT_BYTES) {
			throw new RangeError(`checkpoint of ${bytes.byteLength} bytes; at most ${MAX_CHECKPOINT_BYTES} are kept`);
		}
		record.checkpoint = bytes.slice();
		record.resetsSinceCheckpoint = 0;
		if (details !== undefined) {
			this.#news = details;
			this.#endPause();
		}
		// One write for both: the checkpoint and the report of it.
		if (this.#host.idle) this.#stage();
		this.save();
		this.#host.soon();
	}

	finish(status: DeviceStatus, details: StatusDetails | undefined): void {
		const { record } = this;
		this.#news = undefined;
		record.pending = status;
		record.details = details && acceptableDetails(details);
		this.save();
		this.#host.soon();
	}

	/** A report without news, for the service's step timer. */
	renew(): void {
		const { record } = this;
		if (record.pending !== undefined) return;
		record.pending = "IN_PROGRESS";
		record.details = undefined;
		this.#dirty = true;
		this.#host.soon();
	}

	/** @param hurry the device is about to be reset @returns the status that is to be reported now */
	next(hurry: boolean): DeviceStatus | undefined {
		const { record } = this;
		if (record.pending === undefined && (hurry || this.#pause === undefined)) this.#stage();
		if (record.pending !== undefined && this.#dirty) this.save();
		return record.pending;
	}

	/** The service has taken the report of progress. */
	taken(): void {
		const { record } = this;
		if (!record.ending) record.pending = record.details = undefined;
		this.#dirty = true;
		this.#endPause();
		const host = this.#host;
		this.#pause = later(
			() => {
				this.#pause = undefined;
				host.soon();
			},
			this.#progressMs,
			host,
		);
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
		this.#dirty = true;
		return true;
	}

	/** What the service says of the version. */
	setVersion(versionNumber: number): void {
		if (this.record.versionNumber === versionNumber) return;
		this.record.versionNumber = versionNumber;
		this.#dirty = true;
	}

	/** The execution is over or gone. */
	forget(): void {
		this.#news = undefined;
		this.#endPause();
		this.record.clear();
		this.save();
	}

	save(): void {
		this.#dirty = false;
		this.#host.counters.recordWrites += 1;
		try {
			this.#store.save();
		} catch (error) {
			// The job goes on without its net: a device with worn flash should still do what it is told.
			this.#host.log(`the record could not be written: ${String(error)}`, LogLevel.error);
		}
	}

	#stage(): void {
		const { record } = this;
		if (this.#news === undefined || record.pending !== undefined) return;
		record.pending = "IN_PROGRESS";
		record.details = acceptableDetails(this.#news, 1);
		this.#news = undefined;
		this.#dirty = true;
	}

	#endPause(): void {
		Timer.clear(this.#pause);
		this.#pause = undefined;
	}
}
