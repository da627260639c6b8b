import type { FlashFiles, Slot } from "./flash-files.js";
import { verifyImage } from "./image.js";

export interface Boot {
	readonly slot: Slot;
	readonly version: string;
}

/**
 * ESP-IDF's boot loader with CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE: a NEW image boots once, as PENDING_VERIFY; if it is
 * still that at the next boot, nobody confirmed it, and the other slot boots again. Source: ESP-IDF, "Over The Air
 * Updates", App Rollback.
 *
 * @returns undefined when no slot holds an image that boots
 */
export function bootLoader(flash: FlashFiles): Boot | undefined {
	const data = flash.bootData;
	if (data.states[data.boot] === "PENDING_VERIFY") {
		data.states[data.boot] = "ABORTED";
		flash.bootData = data;
	}
	for (const slot of [data.boot, other(data.boot)]) {
		const state = data.states[slot];
		if (state === "ABORTED" || state === "INVALID") continue;
		const version = verifyImage(flash.readSlot(slot));
		if (version === undefined) continue;
		data.boot = slot;
		if (state === "NEW") data.states[slot] = "PENDING_VERIFY";
		flash.bootData = data;
		return { slot, version };
	}
	return undefined;
}

export function other(slot: Slot): Slot {
	return slot === 0 ? 1 : 0;
}
