import type { ChipName } from "./chips.js";
import type { BootData, FlashFiles, ImageState, Slot } from "./flash-files.js";
import { verifyImage, versionOf } from "./image-format.js";

export interface Boot {
	readonly slot: Slot;
	readonly version: string;
}

/** `esp_ota_img_states_t`, by value. */
const STATES: readonly ImageState[] = ["NEW", "PENDING_VERIFY", "VALID", "INVALID", "ABORTED"];
const OTA_DATA_SECTOR_BYTES = 4_096;
const NEVER_UPDATED = 0xffff_ffff;

/**
 * The `otadata` partition as ESP-IDF keeps it: an entry for each slot. Of those that have not failed, the one with the higher
 * sequence number boots. Empty until the first update.
 */
export function otaData({ boot, states }: BootData): Buffer {
	const partition = Buffer.alloc(2 * OTA_DATA_SECTOR_BYTES, 0xff);
	if (boot === 0 && states[1] === "ERASED") return partition;
	for (const slot of [0, 1] as const) {
		if (states[slot] === "ERASED") continue;
		const at = slot * OTA_DATA_SECTOR_BYTES;
		// An image that failed keeps the highest sequence number; because of its state the other one boots.
		const sequence = hasFailed(states[slot]) ? 3 : slot === boot ? 2 : 1;
		partition.writeUInt32LE(sequence, at);
		const state = STATES.indexOf(states[slot]);
		partition.writeUInt32LE(state < 0 ? NEVER_UPDATED : state, at + 24);
		partition.writeUInt32LE(otaDataCrc(sequence), at + 28);
	}
	return partition;
}

function hasFailed(state: ImageState): boolean {
	return state === "INVALID" || state === "ABORTED";
}

/** crc32_le of the chip's ROM, begun with all ones, over an entry's sequence: what makes the entry count. */
export function otaDataCrc(sequence: number): number {
	let crc = 0;
	for (let i = 0; i < 4; i += 1) {
		crc ^= (sequence >>> (8 * i)) & 0xff;
		for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
	}
	return ~crc >>> 0;
}

/** The boot data after a slot's entry is erased: the other slot boots. */
export function withoutEntry({ boot, states }: BootData, slot: Slot): BootData {
	const left: BootData = { boot: boot === slot ? other(slot) : boot, states: [...states] };
	left.states[slot] = "ERASED";
	return left;
}

/**
 * ESP-IDF's boot loader with CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE: a NEW image boots once, as PENDING_VERIFY. If it is
 * still that at the next boot, it was not confirmed, and the other slot boots. Source: ESP-IDF, "Over The Air Updates", App
 * Rollback. Without rollback it boots the chosen slot and changes no state.
 *
 * @returns undefined when no slot holds an image that boots
 */
export function bootLoader(flash: FlashFiles, rollback = true, chip?: ChipName): Boot | undefined {
	const data = flash.bootData;
	if (rollback && data.states[data.boot] === "PENDING_VERIFY") {
		data.states[data.boot] = "ABORTED";
		flash.bootData = data;
	}
	for (const slot of [data.boot, other(data.boot)]) {
		const state = data.states[slot];
		if (hasFailed(state) || state === "ERASED") continue;
		const image = flash.readSlot(slot);
		if (!verifyImage(image, chip)) continue;
		data.boot = slot;
		if (rollback && state === "NEW") data.states[slot] = "PENDING_VERIFY";
		flash.bootData = data;
		return { slot, version: versionOf(image) ?? "" };
	}
	return undefined;
}

export function other(slot: Slot): Slot {
	return slot === 0 ? 1 : 0;
}
