/**
 * ESP-IDF's `otadata` partition: two sectors, each with one esp_ota_select_entry_t (esp_flash_partitions.h): sequence (u32), label
 * (20 bytes), state (u32), CRC. The higher sequence counts; an erased entry is all ones.
 */
export const OTA_ENTRY_BYTES = 32;
export const OTA_SECTOR_BYTES = 4_096;
const STATE_AT = 24;
const ERASED = 0xffff_ffff;

/** `esp_ota_img_states_t` */
const State = { New: 0, PendingVerify: 1 } as const;

/**
 * The image that runs is new only where the boot loader knows no trial: one that does makes it PENDING_VERIFY before it
 * boots. Once confirmed, an image tells nothing.
 */
export function rollbackSupport(first: ArrayBuffer, second: ArrayBuffer): "present" | "missing" | "unknown" {
	const a = new DataView(first);
	const b = new DataView(second);
	const later = sequenceOf(b) > sequenceOf(a) ? b : a;
	if (sequenceOf(later) === 0) return "unknown";
	const state = later.getUint32(STATE_AT, true);
	if (state === State.New) return "missing";
	return state === State.PendingVerify ? "present" : "unknown";
}

function sequenceOf(entry: DataView): number {
	const sequence = entry.getUint32(0, true);
	return sequence === ERASED ? 0 : sequence;
}
