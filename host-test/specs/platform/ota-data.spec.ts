import assert from "node:assert/strict";
import {
	isOnTrial,
	latestEntry,
	OTA_ENTRY_BYTES,
	type OtaEntries,
	rollbackSupport,
	wasRolledBack,
} from "../../../src/platform/ota-data.js";

/** Of ESP-IDF: `esp_ota_img_states_t`, and the CRCs of the first sequences as its tools write them. */
const New = 0;
const PendingVerify = 1;
const Valid = 2;
const Invalid = 3;
const Aborted = 4;
const CRCS: Readonly<Record<number, number>> = { 1: 0x4743989a, 2: 0x55f63774 };

function entry(sequence: number, state: number, crc = CRCS[sequence] ?? 0): ArrayBuffer {
	const bytes = Buffer.alloc(OTA_ENTRY_BYTES, 0xff);
	bytes.writeUInt32LE(sequence, 0);
	bytes.writeUInt32LE(state, 24);
	bytes.writeUInt32LE(crc, 28);
	return Uint8Array.from(bytes).buffer;
}

const erased = Uint8Array.from(Buffer.alloc(OTA_ENTRY_BYTES, 0xff)).buffer;

describe("The entries of ESP-IDF's otadata", () => {
	for (const [what, entries, latest] of [
		["of a board that was never updated", [erased, erased], undefined],
		["of one that came by cable and was booted", [entry(1, Valid), erased], 0],
		["after an update", [entry(1, Valid), entry(2, PendingVerify)], 1],
		["after a rollback", [entry(1, Valid), entry(2, Aborted)], 0],
		["where the power went while the second was written", [entry(1, Valid), entry(2, 0xffffffff, 0xffffffff)], 0],
		["where both are torn", [entry(1, Valid, 7), entry(2, New, 7)], undefined],
	] as [string, OtaEntries, 0 | 1 | undefined][]) {
		it(`${what}: ${latest ?? "none"} counts`, () => assert.equal(latestEntry(entries), latest));
	}

	it("a torn one is no boot loader without rollback: updates go on", () => {
		const torn: OtaEntries = [entry(1, Valid), entry(2, 0xffffffff, 0xffffffff)];
		assert.equal(rollbackSupport(torn), "unknown");
		assert.equal(isOnTrial([entry(1, Valid), entry(2, New)]), true);
		assert.equal(rollbackSupport([entry(1, Valid), entry(2, PendingVerify)]), "present");
	});

	it("tell of an image that was given up, while its entry is whole", () => {
		assert.equal(wasRolledBack([entry(1, Valid), entry(2, Aborted)]), true);
		assert.equal(wasRolledBack([entry(1, Invalid), entry(2, Valid)]), true);
		for (const other of [erased, entry(2, Valid), entry(2, PendingVerify), entry(2, Aborted, 7)]) {
			assert.equal(wasRolledBack([entry(1, Valid), other]), false);
		}
	});
});
