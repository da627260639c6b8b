import assert from "node:assert/strict";
import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import "../../ecma419/globals.js";
import { ExecutionRecord, RECORD_BYTES, sequenceOf } from "../../../src/protocol/record.js";
import { anyRecord } from "../kit/any-record.js";

function members({ sequence: _sequence, ...record }: ExecutionRecord) {
	return record;
}

describe("The execution record", () => {
	it("keeps what is written", () => {
		fc.assert(
			fc.property(anyRecord, (values) => {
				const record = Object.assign(new ExecutionRecord(), values, { sequence: 7 });
				const bytes = new Uint8Array(RECORD_BYTES);
				record.encode(bytes);
				const read = new ExecutionRecord();
				assert.ok(read.decode(bytes));
				assert.equal(read.sequence, 7);
				const { details, ...rest } = members(read);
				const { details: written, ...others } = values;
				assert.deepEqual(rest, others);
				assert.deepEqual({ ...details }, { ...written });
			}),
		);
	});

	it("reads the layout before this one: a device is updated while it holds a job", () => {
		const details = { reason: "x".repeat(271) };
		const written = { jobId: "job", executionNumber: 3, versionNumber: 7, operation: "ota", resetsSinceCheckpoint: 2 };
		const record = Object.assign(new ExecutionRecord(), {
			...written,
			pending: "FAILED",
			checkpoint: new Uint8Array([1]),
		});
		const bytes = new Uint8Array(RECORD_BYTES);
		record.encode(bytes);
		const text = Buffer.from(JSON.stringify(details));
		assert.equal(text.byteLength, 284, "as many as there was room for");
		bytes.set(text, 224);
		const view = new DataView(bytes.buffer);
		view.setUint32(0, 0x4a4f_4201, true);
		view.setUint16(30, text.byteLength, true);
		view.setUint32(508, zlibCrc32(bytes.subarray(0, 508)), true);
		const read = new ExecutionRecord();
		assert.ok(read.decode(bytes));
		const { checkpoint, pending, sequence, ...rest } = read;
		assert.deepEqual(rest, { ...written, resets: 2, details, refused: false, repeats: 0 });
		assert.deepEqual([checkpoint, pending, sequence], [new Uint8Array([1]), "FAILED", 0]);
	});

	it("takes no record of an unknown layout", () => {
		const bytes = new Uint8Array(RECORD_BYTES);
		Object.assign(new ExecutionRecord(), { jobId: "job", executionNumber: 1, versionNumber: 2 }).encode(bytes);
		const view = new DataView(bytes.buffer);
		view.setUint32(0, 0x4a4f_4203, true);
		view.setUint32(508, zlibCrc32(bytes.subarray(0, 508)), true);
		assert.equal(sequenceOf(bytes), undefined);
	});

	it("refuses a record with any single bit changed, or of another length", () => {
		const bytes = new Uint8Array(RECORD_BYTES);
		Object.assign(new ExecutionRecord(), { jobId: "job", executionNumber: 1, versionNumber: 2 }).encode(bytes);
		assert.equal(sequenceOf(bytes), 0);
		for (let bit = 0; bit < RECORD_BYTES * 8; bit += 1) {
			const changed = bytes.slice();
			changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
			assert.equal(sequenceOf(changed), undefined, `bit ${bit}`);
		}
		assert.equal(sequenceOf(bytes.slice(0, -1)), undefined);
		assert.equal(sequenceOf(new Uint8Array(0)), undefined);
		assert.equal(sequenceOf(new Uint8Array(RECORD_BYTES + 1)), undefined);
	});

	it("never throws on any bytes, and changes nothing when it refuses them", () => {
		fc.assert(
			fc.property(fc.uint8Array({ minLength: RECORD_BYTES, maxLength: RECORD_BYTES }), (bytes) => {
				const record = Object.assign(new ExecutionRecord(), { jobId: "kept" });
				assert.equal(record.decode(bytes), false);
				assert.equal(record.jobId, "kept");
			}),
		);
	});

	it("drops details that do not fit, from the last: the reason stays", () => {
		const record = Object.assign(new ExecutionRecord(), {
			jobId: "job",
			pending: "FAILED" as const,
			details: { reason: "downloadFailed", error: "x".repeat(400), tries: "5" },
		});
		const bytes = new Uint8Array(RECORD_BYTES);
		record.encode(bytes);
		const read = new ExecutionRecord();
		assert.ok(read.decode(bytes));
		assert.deepEqual(read.details, { reason: "downloadFailed" });
	});
});
