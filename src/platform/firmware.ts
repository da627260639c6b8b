import System from "embedded:io/system";
import flash from "embedded:storage/flash";
import Update from "embedded:update";
import FFI from "mc/ffi";

/** An image on its way into the partition that does not run. */
export interface FirmwareWriter {
	/** Appends. @throws when the flash fails or the image is longer than was said */
	write(bytes: ArrayBuffer | Uint8Array): void;
	/** Checks the image and makes it the one that boots next. @throws when the platform refuses it */
	complete(): void;
	/** Gives the image up, unless it is complete. */
	close(): void;
}

/** The device's images: the one that runs, the one to come, and the boot loader's word between them. */
export interface Firmware {
	/** @throws when an image of this many bytes does not fit */
	open(byteLength: number): FirmwareWriter;
	/** Bytes of the running image. @throws past the partition's end */
	readRunning(byteLength: number, offset: number): ArrayBuffer;
	/** Tells the boot loader that the running image is good. Harmless when it knows. */
	confirm(): void;
	/** Tells the boot loader that the running image is bad, and resets into the one before. Returns only if it can't. */
	rollback(): void;
	restart(): void;
	/** Why the device was reset last. */
	resetReason(): string;
}

/** `esp_reset_reason_t` in ESP-IDF's esp_system.h, by value. */
const RESET_REASONS = [
	"unknown",
	"powerOn",
	"external",
	"software",
	"panic",
	"interruptWatchdog",
	"taskWatchdog",
	"watchdog",
	"deepSleep",
	"brownOut",
	"sdio",
	"usb",
	"jtag",
	"efuse",
	"powerGlitch",
	"cpuLockup",
] as const;

/** The ESP32's firmware. The functions of ESP-IDF that it calls are named in the manifest, under `ffi`. */
export class EspFirmware implements Firmware {
	readonly #idf = new FFI();

	open(byteLength: number): FirmwareWriter {
		return Update.open({ partition: flash.open({ path: "nextota" }), mode: "a", byteLength });
	}

	readRunning(byteLength: number, offset: number): ArrayBuffer {
		const partition = flash.open({ path: "running" });
		try {
			return partition.read(byteLength, offset);
		} finally {
			partition.close();
		}
	}

	confirm(): void {
		this.#idf.esp_ota_mark_app_valid_cancel_rollback?.();
	}

	rollback(): void {
		this.#idf.esp_ota_mark_app_invalid_rollback_and_reboot?.();
	}

	restart(): void {
		System.restart();
	}

	resetReason(): string {
		return RESET_REASONS[this.#idf.esp_reset_reason?.() ?? 0] ?? "unknown";
	}
}
