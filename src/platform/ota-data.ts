/**
 * ESP-IDF's `otadata` partition: two sectors, each with one esp_ota_select_entry_t (esp_flash_partitions.h): sequence (u32), label
 * (20 bytes), state (u32), CRC. The higher sequence counts; an erased entry is all ones.
 */
export const OTA_ENTRY_BYTES = 32;
export const OTA_SECTOR_BYTES = 4_096;
const STATE_AT = 24;
const CRC_AT = 28;
const ERASED = 0xffff_ffff;

/** `esp_ota_img_states_t`. An erased state is ESP_OTA_IMG_UNDEFINED. */
const State = Object.freeze({ New: 0, PendingVerify: 1, Invalid: 3, Aborted: 4, Undefined: ERASED } as const, true);

/** The two entries, as they are in the flash. */
export type OtaEntries = readonly [first: ArrayBuffer, second: ArrayBuffer];

/**
 * Of the image that runs. It is new only where the boot loader knows no trial: one that does makes it PENDING_VERIFY before it boots.
 * And it is undefined where whoever activated it knew none: see `isOnTrial`. Once confirmed, an image tells nothing; nor does one
 * that came by cable.
 */
export function rollbackSupport(entries: OtaEntries): "present" | "missing" | "unknown" {
	const state = stateOf(entries);
	if (state === State.New || state === State.Undefined) return "missing";
	return state === State.PendingVerify ? "present" : "unknown";
}

/**
 * Whether the image that was just activated is new to the boot loader: ESP-IDF (`esp_ota_set_boot_partition`) leaves its state
 * undefined when the image that runs, and so the boot loader that came with it by cable, was built without rollback.
 */
export function isOnTrial(entries: OtaEntries): boolean {
	return stateOf(entries) !== State.Undefined;
}

/**
 * Whether the image that ran before the one that runs was given up, by the boot loader or by itself. Beginning an update erases the
 * entry that says so: the image was of the last update.
 */
export function wasRolledBack([first, second]: OtaEntries): boolean {
	return isGivenUp(first) || isGivenUp(second);
}

/** The entry that counts: to the boot loader one that failed, or was written by halves, is none. @returns undefined when nothing was ever activated */
export function latestEntry([first, second]: OtaEntries): 0 | 1 | undefined {
	const [a, b] = [sequenceOf(first), sequenceOf(second)];
	if (a === 0 && b === 0) return undefined;
	return b > a ? 1 : 0;
}

function stateOf(entries: OtaEntries): number | undefined {
	const latest = latestEntry(entries);
	return latest === undefined ? undefined : stateIn(entries[latest]);
}

function stateIn(entry: ArrayBuffer): number {
	return new DataView(entry).getUint32(STATE_AT, true);
}

/** 0 for an entry that does not count. */
function sequenceOf(entry: ArrayBuffer): number {
	return isWhole(entry) && !isFailed(entry) ? new DataView(entry).getUint32(0, true) : 0;
}

function isGivenUp(entry: ArrayBuffer): boolean {
	return isWhole(entry) && isFailed(entry);
}

function isFailed(entry: ArrayBuffer): boolean {
	const state = stateIn(entry);
	return state === State.Invalid || state === State.Aborted;
}

function isWhole(entry: ArrayBuffer): boolean {
	const view = new DataView(entry);
	const sequence = view.getUint32(0, true);
	return sequence !== ERASED && view.getUint32(CRC_AT, true) === crcOf(sequence);
}

/** As `bootloader_common_ota_select_crc` has it: the CRC-32 of the sequence's four bytes, begun with 0. */
function crcOf(sequence: number): number {
	let crc = sequence;
	for (let bit = 0; bit < 32; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
	return ~crc >>> 0;
}
