import type { Clock } from "../clock.js";

/**
 * The hardware of one virtual device during one boot, as the SDK's modules in `ecma419/` use it. `device/virtual-device.ts`
 * implements it; a test may hand in a part of it.
 */
export interface Hardware {
	readonly clock: Clock;
	/** The build's configuration, `mc/config`. */
	readonly config: Readonly<Record<string, unknown>>;
	/** ESP-IDF's `esp_reset_reason_t`. */
	readonly resetReason: number;
	/** The clock's time at boot, in milliseconds. */
	readonly bootedAt: number;
	/** Bytes: constants, a chip would count them. */
	readonly heap: { readonly free: number; readonly minFree: number };
	/** Access points in range. undefined: the device has a network without Wi-Fi. */
	readonly accessPoints: AccessPoints | undefined;
	/** Seconds since 1970, as a time server tells them. @returns undefined when the server does not answer */
	timeFrom(host: string): number | undefined;
	/** Sets the device's clock. */
	setTime(seconds: number): void;
	resource(name: string): Uint8Array | undefined;
	/** @throws when the key-value storage cannot be opened, or is to be read alone and has no such domain */
	openKeys(domain: string, writable: boolean): void;
	readKey(domain: string, key: string): StoredValue | undefined;
	/** @param torn writes only the first half, as a power cut in the middle would */
	writeKey(domain: string, key: string, value: StoredValue, torn: boolean): void;
	deleteKey(domain: string, key: string): void;
	partition(name: PartitionName): Partition;
	/** ESP-IDF's `esp_ota_begin`, but for the erasing. @returns an `esp_err_t` */
	beginUpdate(byteLength: number): number;
	/** ESP-IDF's `esp_ota_set_boot_partition` for the spare slot. @returns an `esp_err_t` */
	activateUpdate(): number;
	/** ESP-IDF's `esp_ota_mark_app_valid_cancel_rollback`. @returns false when the flash fails */
	confirmImage(): boolean;
	/** ESP-IDF's `esp_ota_mark_app_invalid_rollback_and_reboot`. @returns false when there is no other image */
	rejectImage(): boolean;
	/** The power supply: every operation runs through it, so that it can cut the power there. */
	operation(kind: Operation, perform: (torn: boolean) => void): void;
	/** The machine ended itself: by a reset, or because nobody caught an exception. */
	ended(how: "restart" | "abort", detail: string): void;
	/** A line for the serial console. */
	trace(text: string): void;
}

/** The points at which a test can cut the power. */
export type Operation =
	/** A write to the key-value storage. */
	| "storage"
	/** A write to an image partition. */
	| "flash"
	/** A sector of an image partition is erased. */
	| "erase"
	/** A change of the partition that boots, or of the boot loader's state of an image. */
	| "boot"
	/** Bytes handed to the network. */
	| "send";

/** A value as NVS keeps it. */
export interface StoredValue {
	/** `nvs_type_t` */
	readonly type: number;
	readonly bytes: Uint8Array;
}

export type PartitionName = "running" | "nextota" | "otadata";

export interface Partition {
	readonly byteLength: number;
	read(byteLength: number, offset: number): Uint8Array;
	/** Erases a block, given by its number. Only where the agent may erase. @param torn half of it, as a power cut would */
	erase?(block: number, torn: boolean): void;
	/** As NOR flash: clears bits. Only where the agent may write. */
	write?(bytes: Uint8Array, offset: number): void;
}

export interface AccessPoint {
	readonly password: string;
	/** dBm */
	readonly rssi: number;
}

/** Access points in range, by their SSID. */
export type AccessPoints = Readonly<Record<string, AccessPoint>>;
