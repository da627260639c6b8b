import type { Partition, PartitionName } from "../machine/hardware.js";
import { otaData, other, withoutEntry } from "./boot-loader.js";
import { type FlashFiles, SECTOR_BYTES, type Slot } from "./flash-files.js";
import { verifyImage } from "./image.js";

/** How a build of the firmware updates itself. */
export interface OtaBuild {
	/**
	 * What was built with CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE: boot loader and images, as one build makes both; the images
	 * alone; or nothing. Default: both.
	 */
	readonly rollback?: "both" | "images" | "nothing";
	/** Whether the agent can erase the boot loader's data. Default: true. */
	readonly erasesBootData?: boolean;
	/** Whether the boot loader can be told that an image is good. Default: true. */
	readonly confirms?: boolean;
}

/** ESP-IDF, esp_err.h and esp_ota_ops.h. */
const ESP_OK = 0;
const ESP_ERR_INVALID_SIZE = 0x104;
const ESP_ERR_OTA_VALIDATE_FAILED = 0x1503;
const ESP_ERR_OTA_ROLLBACK_INVALID_STATE = 0x1506;

/** The partitions of a device that runs the image of one slot, and ESP-IDF's `esp_ota_*` functions on them. */
export class OtaPartitions {
	readonly #flash: FlashFiles;
	readonly #running: Slot;
	readonly #spare: Slot;
	readonly #build: OtaBuild;
	readonly #onWritten: (bytes: number, expected: number) => void;
	/** Bytes of the image that is being written. */
	#expected = 0;

	/** @param onWritten told up to where an update is written, and how long it is to be */
	constructor(flash: FlashFiles, running: Slot, build: OtaBuild, onWritten: (bytes: number, expected: number) => void) {
		this.#flash = flash;
		this.#running = running;
		this.#spare = other(running);
		this.#build = build;
		this.#onWritten = onWritten;
	}

	get(name: PartitionName): Partition {
		if (name === "otadata") return this.#bootData();
		const flash = this.#flash;
		const slot = name === "running" ? this.#running : this.#spare;
		return {
			byteLength: flash.slotBytes,
			read: (byteLength, offset) => flash.readRange(slot, byteLength, offset),
			...(name === "nextota" && {
				erase: (block: number, torn: boolean) => flash.eraseSector(slot, block, torn ? SECTOR_BYTES / 2 : SECTOR_BYTES),
				write: (bytes: Uint8Array, offset: number) => {
					flash.writeRange(slot, bytes, offset);
					this.#onWritten(offset + bytes.byteLength, this.#expected);
				},
			}),
		};
	}

	/** `esp_ota_begin` on the spare slot, but for the erasing. @returns an `esp_err_t` */
	begin(byteLength: number): number {
		const flash = this.#flash;
		if (byteLength > flash.slotBytes) return ESP_ERR_INVALID_SIZE;
		const data = flash.bootData;
		// The other image may still be needed for a rollback.
		if (data.states[this.#running] === "PENDING_VERIFY") return ESP_ERR_OTA_ROLLBACK_INVALID_STATE;
		data.states[this.#spare] = "ERASED";
		flash.bootData = data;
		this.#expected = byteLength;
		return ESP_OK;
	}

	/** `esp_ota_set_boot_partition` for the spare slot. @returns an `esp_err_t` */
	activate(): number {
		const flash = this.#flash;
		const slot = this.#spare;
		if (verifyImage(flash.readSlot(slot)) === undefined) return ESP_ERR_OTA_VALIDATE_FAILED;
		const { states } = flash.bootData;
		states[slot] = this.#build.rollback === "nothing" ? "UNDEFINED" : "NEW";
		flash.bootData = { boot: slot, states };
		return ESP_OK;
	}

	/** `esp_ota_mark_app_valid_cancel_rollback`. @returns false when the flash fails */
	confirm(): boolean {
		if (this.#build.confirms === false) return false;
		const data = this.#flash.bootData;
		data.states[this.#running] = "VALID";
		this.#flash.bootData = data;
		return true;
	}

	/** `esp_ota_mark_app_invalid_rollback_and_reboot`, without the reset. @returns false when there is no other image */
	reject(): boolean {
		const data = this.#flash.bootData;
		if (data.states[this.#spare] !== "VALID") return false;
		data.states[this.#running] = "INVALID";
		data.boot = this.#spare;
		this.#flash.bootData = data;
		return true;
	}

	#bootData(): Partition {
		const flash = this.#flash;
		const bytes = otaData(flash.bootData);
		const { erasesBootData = true } = this.#build;
		return {
			byteLength: bytes.byteLength,
			read: (byteLength, offset) => bytes.subarray(offset, offset + byteLength),
			...(erasesBootData && {
				erase: (block: number) => {
					flash.bootData = withoutEntry(flash.bootData, block as Slot);
				},
			}),
		};
	}
}
