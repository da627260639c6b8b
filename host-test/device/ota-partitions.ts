import type { ImageWriter, Partition, PartitionName } from "../machine/hardware.js";
import { otaData, other, withoutEntry } from "./boot-loader.js";
import type { ChipName } from "./chips.js";
import type { FlashFiles, Slot } from "./flash-files.js";
import { MAGIC, verifyImage } from "./image-format.js";

/** How a build of the firmware updates itself. */
export interface OtaBuild {
	/** What boot loader and images were built for. Default: esp32. */
	readonly chip?: ChipName;
	/**
	 * What was built with CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE: boot loader and images, as one build makes both; the images
	 * alone; or nothing. Default: both.
	 */
	readonly rollback?: "both" | "images" | "nothing";
	/** Whether the agent can erase the boot loader's data. Default: true. */
	readonly erasesBootData?: boolean;
	/** Whether the boot loader can be told that an image is good. Default: true. */
	readonly confirms?: boolean;
	/** Whether an update erases the partition when it is opened, instead of as it is written. Default: false. */
	readonly erasesOnOpen?: boolean;
}

/** The partitions of a device that runs the image of one slot, and ESP-IDF's `esp_ota_*` functions on them. */
export class OtaPartitions {
	readonly #flash: FlashFiles;
	readonly #running: Slot;
	readonly #spare: Slot;
	readonly #build: OtaBuild;

	constructor(flash: FlashFiles, running: Slot, build: OtaBuild) {
		this.#flash = flash;
		this.#running = running;
		this.#spare = other(running);
		this.#build = build;
	}

	get(name: PartitionName): Partition {
		if (name === "otadata") return this.#bootData();
		const flash = this.#flash;
		const slot = name === "running" ? this.#running : this.#spare;
		return {
			byteLength: flash.slotBytes,
			read: (byteLength, offset) => flash.readRange(slot, byteLength, offset),
		};
	}

	/** `esp_ota_begin` on the spare slot. @param onWritten told how many bytes are written */
	openUpdate(byteLength: number, onWritten: (bytes: number) => void): ImageWriter {
		const flash = this.#flash;
		const slot = this.#spare;
		if (byteLength > flash.slotBytes) throw new RangeError(`${byteLength} bytes; the partition has ${flash.slotBytes}`);
		const data = flash.bootData;
		// The other image may still be needed for a rollback.
		if (data.states[this.#running] === "PENDING_VERIFY") throw new Error("ESP_ERR_OTA_ROLLBACK_INVALID_STATE");
		data.states[slot] = "ERASED";
		flash.bootData = data;
		if (this.#build.erasesOnOpen) flash.eraseSlot(slot, byteLength);
		const file = flash.openSlot(slot);
		let written = 0;
		return {
			write: (bytes) => {
				// The SDK's words (modules/io/update/esp32/update-esp32.c); `esp_ota_write` has erased the sector by then.
				if (written === 0 && bytes.byteLength > 0 && bytes[0] !== MAGIC) {
					flash.eraseSlot(slot, 1);
					throw new Error("write failed");
				}
				file.append(bytes);
				written += bytes.byteLength;
				onWritten(written);
			},
			complete: () => {
				file.close();
				if (!verifyImage(flash.readSlot(slot), this.#build.chip)) throw new Error("ESP_ERR_OTA_VALIDATE_FAILED");
				const { states } = flash.bootData;
				states[slot] = this.#build.rollback === "nothing" ? "UNDEFINED" : "NEW";
				flash.bootData = { boot: slot, states };
			},
		};
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
