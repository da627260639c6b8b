import { crc32 } from "../base/bytes.js";
import type { DeviceStatus, StatusDetails } from "./messages.js";

/**
 * The execution record: what the device must remember of the execution that it holds, in a form that survives a power
 * cut. Fixed size, little endian:
 *
 *     0  u32  magic, with the layout's number
 *     4  u32  sequence: the higher of two valid records is the newer
 *     8  f64  executionNumber
 *    16  f64  versionNumber, as the service said it last
 *    24  u16  resets since the last checkpoint
 *    26  u8   bits 0 to 2, pending: the status that is being reported, 0 for none; bits 3 to 6, repeats; bit 7: let go
 *    27  u8   length of jobId; 0: no execution is held
 *    28  u8   length of operation
 *    29  u8   length of checkpoint
 *    30  u16  length of details
 *    32       jobId[64]  operation[32]  checkpoint[96]  details[282]: JSON, the status details that are being reported
 *   506  u16  resets since the claim
 *   508  u32  CRC-32 of all before it
 *
 * Layout 1 did not count the resets since the claim, and had 284 bytes of details. It is still read: a device may be
 * updated while it holds a job. A firmware that does not know bits 3 to 7 takes such a record for damaged, and the one before it.
 */
export const RECORD_BYTES = 512;
const MAGIC = 0x4a4f_4202; // "JOB", layout 2
const MAGIC_1 = 0x4a4f_4201;

/** Bytes that a handler may keep in a checkpoint. */
export const MAX_CHECKPOINT_BYTES = 96;
const MAX_OPERATION_BYTES = 32;
const MAX_DETAILS_BYTES = 282;
const MAX_DETAILS_BYTES_1 = 284;

const JOB_ID_AT = 32;
const OPERATION_AT = JOB_ID_AT + 64;
const CHECKPOINT_AT = OPERATION_AT + MAX_OPERATION_BYTES;
const DETAILS_AT = CHECKPOINT_AT + MAX_CHECKPOINT_BYTES;
const RESETS_AT = DETAILS_AT + MAX_DETAILS_BYTES;
const CRC_AT = RESETS_AT + 2;

const STATUSES = Object.freeze([undefined, "IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED"] as const, true);

const REFUSED = 0x80;
const STATUS_BITS = 7;
const REPEATS_SHIFT = 3;
const MAX_REPEATS = 15;

/** The record in memory. One object lives as long as the agent; its fields change. */
export class ExecutionRecord {
	sequence = 0;
	/** "" when no execution is held. */
	jobId = "";
	executionNumber = 0;
	/** As the service said it last; never counted by the device itself. */
	versionNumber = 0;
	operation = "";
	/** Resets since the last checkpoint. */
	resetsSinceCheckpoint = 0;
	/** Resets since the claim. */
	resets = 0;
	/** The status whose report is on its way: written before the report is sent, gone when it is answered. */
	pending: DeviceStatus | undefined = undefined;
	/** The status details of that report. */
	details: StatusDetails | undefined = undefined;
	checkpoint: Uint8Array | undefined = undefined;
	/** Let go, and not held. Where it is `ending`, the service refuses the report of its end: it is not run when it comes again. */
	refused = false;
	/** How often the job was handed out again after it was let go, with no other in between. */
	repeats = 0;

	get held(): boolean {
		return this.jobId !== "" && !this.refused;
	}

	/** Whether what is being reported ends the execution. */
	get ending(): boolean {
		return this.pending !== undefined && this.pending !== "IN_PROGRESS";
	}

	/** Forgets the execution; the sequence goes on. */
	clear(): void {
		this.jobId = this.operation = "";
		this.executionNumber = this.versionNumber = this.resetsSinceCheckpoint = this.resets = this.repeats = 0;
		this.pending = this.details = this.checkpoint = undefined;
		this.refused = false;
	}

	/** @param bytes RECORD_BYTES of them */
	encode(bytes: Uint8Array): void {
		const view = new DataView(bytes.buffer, bytes.byteOffset, RECORD_BYTES);
		bytes.fill(0);
		view.setUint32(0, MAGIC, true);
		view.setUint32(4, this.sequence, true);
		view.setFloat64(8, this.executionNumber, true);
		view.setFloat64(16, this.versionNumber, true);
		view.setUint16(24, Math.min(this.resetsSinceCheckpoint, 0xffff), true);
		view.setUint8(
			26,
			STATUSES.indexOf(this.pending) |
				(Math.min(this.repeats, MAX_REPEATS) << REPEATS_SHIFT) |
				(this.refused ? REFUSED : 0),
		);
		view.setUint8(27, putText(bytes, JOB_ID_AT, this.jobId, OPERATION_AT - JOB_ID_AT));
		view.setUint8(28, putText(bytes, OPERATION_AT, this.operation, MAX_OPERATION_BYTES));
		view.setUint8(29, putBytes(bytes, CHECKPOINT_AT, this.checkpoint, MAX_CHECKPOINT_BYTES));
		view.setUint16(30, putDetails(bytes, this.details), true);
		view.setUint16(RESETS_AT, Math.min(this.resets, 0xffff), true);
		view.setUint32(CRC_AT, crc32(bytes, CRC_AT), true);
	}

	/** @returns false, with nothing changed, when the bytes are not a record that was written whole */
	decode(bytes: Uint8Array): boolean {
		const view = viewOfValid(bytes);
		if (view === undefined) return false;
		this.sequence = view.getUint32(4, true);
		this.executionNumber = view.getFloat64(8, true);
		this.versionNumber = view.getFloat64(16, true);
		this.resetsSinceCheckpoint = view.getUint16(24, true);
		const pending = view.getUint8(26);
		this.pending = STATUSES[pending & STATUS_BITS];
		this.repeats = (pending >> REPEATS_SHIFT) & MAX_REPEATS;
		this.refused = (pending & REFUSED) !== 0;
		this.jobId = getText(bytes, JOB_ID_AT, view.getUint8(27));
		this.operation = getText(bytes, OPERATION_AT, view.getUint8(28));
		const checkpointBytes = view.getUint8(29);
		this.checkpoint = checkpointBytes === 0 ? undefined : bytes.slice(CHECKPOINT_AT, CHECKPOINT_AT + checkpointBytes);
		this.resets = view.getUint32(0, true) === MAGIC_1 ? this.resetsSinceCheckpoint : view.getUint16(RESETS_AT, true);
		this.details = getDetails(getText(bytes, DETAILS_AT, view.getUint16(30, true)));
		return true;
	}
}

/** The sequence number of a valid record, or undefined. Sequences wrap after 4,294,967,295 writes: not in one life. */
export function sequenceOf(bytes: Uint8Array): number | undefined {
	return viewOfValid(bytes)?.getUint32(4, true);
}

/** An empty part and a full one differ by their length alone, so the lengths are checked as if the CRC could lie. */
function viewOfValid(bytes: Uint8Array): DataView | undefined {
	if (bytes.byteLength !== RECORD_BYTES) return undefined;
	const view = new DataView(bytes.buffer, bytes.byteOffset, RECORD_BYTES);
	const magic = view.getUint32(0, true);
	if (magic !== MAGIC && magic !== MAGIC_1) return undefined;
	if (view.getUint32(CRC_AT, true) !== crc32(bytes, CRC_AT)) return undefined;
	const fits =
		(view.getUint8(26) & STATUS_BITS) < STATUSES.length &&
		view.getUint8(27) <= OPERATION_AT - JOB_ID_AT &&
		view.getUint8(28) <= MAX_OPERATION_BYTES &&
		view.getUint8(29) <= MAX_CHECKPOINT_BYTES &&
		view.getUint16(30, true) <= (magic === MAGIC_1 ? MAX_DETAILS_BYTES_1 : MAX_DETAILS_BYTES);
	return fits ? view : undefined;
}

function putBytes(bytes: Uint8Array, at: number, value: Uint8Array | undefined, limit: number): number {
	if (value === undefined) return 0;
	if (value.byteLength > limit) throw new RangeError(`${value.byteLength} bytes where ${limit} fit`);
	bytes.set(value, at);
	return value.byteLength;
}

function putText(bytes: Uint8Array, at: number, text: string, limit: number): number {
	return text === "" ? 0 : putBytes(bytes, at, new Uint8Array(ArrayBuffer.fromString(text)), limit);
}

/** Details that do not fit lose their last pairs: the reason comes first, and a report without it would be worse. */
function putDetails(bytes: Uint8Array, details: StatusDetails | undefined): number {
	if (details === undefined) return 0;
	const names = Object.keys(details);
	for (let count = names.length; count > 0; count -= 1) {
		const kept: StatusDetails = {};
		for (let i = 0; i < count; i += 1) kept[names[i] as string] = details[names[i] as string] as string;
		const text = new Uint8Array(ArrayBuffer.fromString(JSON.stringify(kept)));
		if (text.byteLength <= MAX_DETAILS_BYTES) return putBytes(bytes, DETAILS_AT, text, MAX_DETAILS_BYTES);
	}
	return 0;
}

function getText(bytes: Uint8Array, at: number, length: number): string {
	return length === 0 ? "" : String.fromArrayBuffer(bytes.slice(at, at + length).buffer);
}

function getDetails(text: string): StatusDetails | undefined {
	if (text === "") return undefined;
	try {
		return JSON.parse(text) as StatusDetails;
	} catch {
		return undefined; // cannot be with a good CRC; the report then goes without details
	}
}
