import type { ChipName } from "./chips.js";
import { verifyImage, versionOf } from "./image-format.js";
import { type OtaData, type Slot, State } from "./ota-data.js";

export interface Boot {
	readonly slot: Slot;
	readonly version: string;
}

/** What the boot loader reads and writes. */
export interface Bootable {
	otaData: OtaData;
	readSlot(slot: Slot): Buffer;
}

/**
 * ESP-IDF's boot loader, bootloader_utility.c of v6.0. With CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE a NEW image boots once, as
 * PENDING_VERIFY; if it is still that at the next boot it was not confirmed, and is ABORTED. Where the image that is to boot is no good
 * the other one is tried. What came by cable gets an entry, so that the first update can go back to it.
 *
 * @returns undefined when no slot holds an image that boots
 */
export function bootLoader(flash: Bootable, rollback = true, chip?: ChipName): Boot | undefined {
	const data = flash.otaData;
	if (rollback) giveUpOnTrial(data);
	const isInitial = data.isInvalid(0) && data.isInvalid(1) && !data.isWhole(0) && !data.isWhole(1);
	const chosen = choose(data, rollback);
	flash.otaData = data;
	// Backwards from the slot that was chosen, then forwards; from the first where none could be.
	for (const slot of chosen === 1 ? ([1, 0] as const) : ([0, 1] as const)) {
		const image = flash.readSlot(slot);
		if (!verifyImage(image, chip)) continue;
		if (isInitial) {
			data.write(0, slot + 1, State.VALID);
			flash.otaData = data;
		}
		return { slot, version: versionOf(image) ?? "" };
	}
	return undefined;
}

/** Whatever its CRC. */
function giveUpOnTrial(data: OtaData): void {
	for (const entry of [0, 1] as const) {
		if (data.state(entry) === State.PENDING_VERIFY) data.setState(entry, State.ABORTED);
	}
}

/** `bootloader_utility_get_selected_boot_partition` */
function choose(data: OtaData, rollback: boolean): Slot | undefined {
	const { active } = data;
	if (active === undefined) return undefined;
	if (rollback && data.state(active) === State.NEW) data.setState(active, State.PENDING_VERIFY);
	return data.slot(active);
}

export function other(slot: Slot): Slot {
	return slot === 0 ? 1 : 0;
}
