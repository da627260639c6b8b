import { ExecutionRecord, RECORD_BYTES, sequenceOf } from "../protocol/record.js";

/**
 * Two places in non-volatile storage, each as large as a record. A write may be cut off anywhere; it must not touch the
 * other place. `src/storage/record-slots.ts` makes one of the platform's key-value storage.
 */
export interface SlotStorage {
	/** @returns the bytes of a slot, or undefined when it was never written or cannot be read */
	read(slot: 0 | 1): Uint8Array | undefined;
	/** @throws when the storage failed */
	write(slot: 0 | 1, bytes: Uint8Array): void;
}

/**
 * Keeps the record in two alternating slots: a write never touches the newest valid record, so a power cut at any
 * instant leaves either the old record or the new one.
 */
export class RecordStore {
	readonly record = new ExecutionRecord();
	private readonly storage: SlotStorage;
	private next: 0 | 1 = 0;

	constructor(storage: SlotStorage) {
		this.storage = storage;
	}

	/** Reads the newest valid record; with none, the record stays empty. */
	load(): void {
		const first = this.storage.read(0);
		const second = this.storage.read(1);
		const firstSequence = first && sequenceOf(first);
		const secondSequence = second && sequenceOf(second);
		if (firstSequence === undefined && secondSequence === undefined) return;
		const newest = (secondSequence ?? -1) > (firstSequence ?? -1) ? second : first;
		this.next = newest === first ? 1 : 0;
		this.record.decode(newest as Uint8Array);
	}

	/** Writes the record as it is now, and reads it again. @throws when the storage failed; the slot that was valid still is */
	save(): void {
		const { record, storage } = this;
		record.sequence += 1;
		this.write();
		const kept = storage.read(this.next);
		if (kept === undefined || sequenceOf(kept) !== record.sequence) throw new Error("what was written cannot be read");
		this.next = this.next === 0 ? 1 : 0;
	}

	/** By itself: the bytes are gone when the slot is read. */
	private write(): void {
		const bytes = new Uint8Array(RECORD_BYTES); // four times a job: not worth its place in between
		this.record.encode(bytes);
		this.storage.write(this.next, bytes);
	}
}
