// The chip's two OTA partitions, by the SDK and by ESP-IDF's functions. For the ota handler and the app.
import flash from "embedded:storage/flash";
import FFI from "mc/ffi";
import {
	isOnTrial,
	latestEntry,
	OTA_ENTRY_BYTES,
	OTA_SECTOR_BYTES,
	type OtaEntries,
	rollbackSupport,
	wasRolledBack,
} from "./ota-data.js";
import { resetReason } from "./reset-reason.js";

/** An image on its way into the partition that does not run. */
export interface FirmwareWriter {
	/** Appends. @throws when the flash fails */
	write(bytes: Uint8Array): void;
	/** Leaves as it is what was written before a reset: whole sectors, and nothing before them but such. */
	keep(byteLength: number): void;
	/** Checks the image and makes it the one that boots next. @throws when the platform refuses it */
	complete(): void;
	/** Gives the image up, unless it is complete. */
	close(): void;
}

/** The device's images: the one that runs, the one to come, and the boot loader's word between them. */
export interface Firmware {
	/** Erases nothing of the partition yet. @throws when an image of this many bytes does not fit, or none is taken now */
	open(byteLength: number): FirmwareWriter;
	/** Bytes of the running image. @throws past the partition's end */
	readRunning(byteLength: number, offset: number): ArrayBuffer;
	/** Bytes of the partition that does not run: what was written there before a reset. @throws past its end */
	readSpare(byteLength: number, offset: number): ArrayBuffer;
	/** Whether the boot loader puts new images on trial. It shows when a new image has booted. */
	rollbackSupport(): "present" | "missing" | "unknown";
	/** After `complete()`: whether the new image boots on trial, so that the old one can come back. True when it cannot be told. */
	isOnTrial(): boolean;
	/** After `complete()`: the image that runs boots next again. @returns false when the flash does not let it */
	takeBack(): boolean;
	/** Whether the boot loader, or the image itself, gave up the image of the last update: the one before it runs again. */
	wasRolledBack(): boolean;
	/** Tells the boot loader that the running image is good. Harmless when it knows. @returns false when it could not be told */
	confirm(): boolean;
	/** Tells the boot loader that the running image is bad, and resets into the one before. Returns only if it can't. */
	rollback(): void;
	restart(): void;
	/** Once at each boot: why the device was reset last. After an exception that nobody caught, what it was. */
	resetReason(): string;
}

const ESP_OK = 0;
/** Where there is no such function. */
const ESP_FAIL = -1;
/** What the flash erases at once. */
const SECTOR_BYTES = 4_096;

/** The ESP32's firmware. The functions of ESP-IDF that it calls are named in the manifest, under `ffi`. */
export class EspFirmware implements Firmware {
	private readonly idf = new FFI();

	open(byteLength: number): FirmwareWriter {
		const error = this.idf.iot_jobs_begin_update?.(byteLength) ?? ESP_FAIL;
		if (error !== ESP_OK) throw new Error(`no update of ${byteLength} bytes is taken: esp_err_t ${error}`);
		return new SpareWriter(this.idf);
	}

	readRunning(byteLength: number, offset: number): ArrayBuffer {
		return read("running", byteLength, offset);
	}

	readSpare(byteLength: number, offset: number): ArrayBuffer {
		return read("nextota", byteLength, offset);
	}

	rollbackSupport(): "present" | "missing" | "unknown" {
		return rollbackSupport(readOtaData());
	}

	isOnTrial(): boolean {
		return isOnTrial(readOtaData());
	}

	takeBack(): boolean {
		try {
			const entry = latestEntry(readOtaData());
			if (entry === undefined) return false;
			const partition = flash.open({ path: "otadata", mode: "r+" });
			// Without the entry the one before counts, which is that of the image that runs.
			partition.eraseBlock(entry);
			partition.close();
			return latestEntry(readOtaData()) !== entry;
		} catch {
			return false;
		}
	}

	wasRolledBack(): boolean {
		return wasRolledBack(readOtaData());
	}

	confirm(): boolean {
		return this.idf.esp_ota_mark_app_valid_cancel_rollback?.() === ESP_OK;
	}

	rollback(): void {
		this.idf.esp_ota_mark_app_invalid_rollback_and_reboot?.();
	}

	restart(): void {
		this.idf.esp_restart?.();
	}

	resetReason(): string {
		return resetReason(this.idf);
	}
}

/**
 * Writes the partition that does not run from its beginning: each sector is erased when its first byte is written. The SDK's
 * `embedded:update` cannot go on in the middle.
 */
class SpareWriter implements FirmwareWriter {
	private readonly idf: FFI;
	private readonly partition = flash.open({ path: "nextota", mode: "r+" });
	private offset = 0;

	constructor(idf: FFI) {
		this.idf = idf;
	}

	write(bytes: Uint8Array): void {
		const { partition, offset } = this;
		const end = offset + bytes.byteLength;
		for (let sector = Math.ceil(offset / SECTOR_BYTES); sector * SECTOR_BYTES < end; sector += 1) {
			partition.eraseBlock(sector);
		}
		partition.write(bytes, offset);
		this.offset = end;
	}

	keep(byteLength: number): void {
		this.offset += byteLength;
	}

	complete(): void {
		this.partition.close();
		const error = this.idf.iot_jobs_activate_update?.() ?? ESP_FAIL;
		if (error !== ESP_OK) throw new Error(`the boot loader's check refuses the image: esp_err_t ${error}`);
	}

	close(): void {
		this.partition.close();
	}
}

/** Two erased entries where there is no such partition, for a factory image alone, or it cannot be read. */
function readOtaData(): OtaEntries {
	try {
		return [read("otadata", OTA_ENTRY_BYTES, 0), read("otadata", OTA_ENTRY_BYTES, OTA_SECTOR_BYTES)];
	} catch {
		const erased = new Uint8Array(OTA_ENTRY_BYTES).fill(0xff).buffer;
		return [erased, erased];
	}
}

function read(path: string, byteLength: number, offset: number): ArrayBuffer {
	const partition = flash.open({ path });
	try {
		return partition.read(byteLength, offset);
	} finally {
		partition.close();
	}
}
