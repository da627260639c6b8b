import type { Partition, PartitionName } from "../machine/hardware.js";
import { other } from "./boot-loader.js";
import type { ChipName } from "./chips.js";
import { type FlashFiles, SECTOR_BYTES } from "./flash-files.js";
import { verifyImage } from "./image-format.js";
import { type Entry, type Slot, State } from "./ota-data.js";

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
}

/** ESP-IDF, esp_err.h and esp_ota_ops.h. */
const ESP_OK = 0;
const ESP_ERR_INVALID_SIZE = 0x104;
const ESP_ERR_OTA_VALIDATE_FAILED = 0x1503;
const ESP_ERR_OTA_ROLLBACK_INVALID_STATE = 0x1506;

/** Told up to where an update is written, and how long it is to be. */
type OnWritten = (bytes: number, expected: number) => void;

/** The partitions of a device that runs the image of one slot, and ESP-IDF's `esp_ota_*` functions on them. */
export class OtaPartitions {
	readonly #flash: FlashFiles;
	readonly #running: Slot;
	readonly #spare: Slot;
	readonly #build: OtaBuild;
	readonly #onWritten: OnWritten;
	/** Bytes of the image that is being written. */
	#expected = 0;

	constructor(flash: FlashFiles, running: Slot, build: OtaBuild, onWritten: OnWritten = () => undefined) {
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

	/**
	 * `esp_ota_begin` on the spare slot, but for its erasing.
	 *
	 * @param operation performs what erases the boot loader's entry for the slot: the power may fail there
	 * @returns an `esp_err_t`
	 */
	begin(byteLength: number, operation = (erase: () => void) => erase()): number {
		const flash = this.#flash;
		if (byteLength > flash.slotBytes) return ESP_ERR_INVALID_SIZE;
		if (this.#build.rollback !== "nothing") {
			const data = flash.otaData;
			// The other image may still be needed for a rollback.
			if (data.stateOf(this.#running) === State.PENDING_VERIFY) return ESP_ERR_OTA_ROLLBACK_INVALID_STATE;
			operation(() => {
				data.forget(this.#running);
				flash.otaData = data;
			});
		}
		this.#expected = byteLength;
		return ESP_OK;
	}

	/** `esp_ota_set_boot_partition` for the spare slot. @returns an `esp_err_t` */
	activate(): number {
		const flash = this.#flash;
		const slot = this.#spare;
		if (!verifyImage(flash.readSlot(slot), this.#build.chip)) return ESP_ERR_OTA_VALIDATE_FAILED;
		const data = flash.otaData;
		data.activate(slot, this.#build.rollback === "nothing" ? State.UNDEFINED : State.NEW);
		flash.otaData = data;
		return ESP_OK;
	}

	/** `esp_ota_mark_app_valid_cancel_rollback`. @returns false when the flash fails */
	confirm(): boolean {
		if (this.#build.confirms === false) return false;
		const data = this.#flash.otaData;
		const { active } = data;
		if (active === undefined) return false;
		data.setState(active, State.VALID);
		this.#flash.otaData = data;
		return true;
	}

	/** `esp_ota_mark_app_invalid_rollback_and_reboot`, without the reset. @returns false when there is no other image */
	reject(): boolean {
		const data = this.#flash.otaData;
		const { active } = data;
		if (active === undefined) return false;
		const before: Entry = active === 0 ? 1 : 0;
		if (!data.isWhole(before) || data.isInvalid(before)) return false;
		if (!verifyImage(this.#flash.readSlot(data.slot(before)), this.#build.chip)) return false;
		data.setState(active, State.INVALID);
		this.#flash.otaData = data;
		return true;
	}

	#bootData(): Partition {
		const flash = this.#flash;
		const { bytes } = flash.otaData;
		const { erasesBootData = true } = this.#build;
		return {
			byteLength: bytes.byteLength,
			read: (byteLength, offset) => bytes.subarray(offset, offset + byteLength),
			...(erasesBootData && {
				erase: (block: number) => {
					const data = flash.otaData;
					data.erase(block as Entry);
					flash.otaData = data;
				},
			}),
		};
	}
}
