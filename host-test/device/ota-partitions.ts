import type { ImageWriter, Partition, PartitionName } from "../machine/hardware.js";
import { other } from "./boot-loader.js";
import type { ChipName } from "./chips.js";
import type { FlashFiles } from "./flash-files.js";
import { MAGIC, verifyImage } from "./image-format.js";
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
		if (this.#build.rollback !== "nothing") {
			const data = flash.otaData;
			// The other image may still be needed for a rollback: ESP_ERR_OTA_ROLLBACK_INVALID_STATE, in the SDK's words.
			if (data.stateOf(this.#running) === State.PENDING_VERIFY) throw new Error("begin failed");
			data.forget(this.#running);
			flash.otaData = data;
		}
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
				if (!verifyImage(flash.readSlot(slot), this.#build.chip)) throw new Error("end failed");
				const data = flash.otaData;
				data.activate(slot, this.#build.rollback === "nothing" ? State.UNDEFINED : State.NEW);
				flash.otaData = data;
			},
		};
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
