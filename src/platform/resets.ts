// The chip's reset, by ESP-IDF's functions: the manifest names them under `ffi`. For the app.
import FFI from "mc/ffi";

/** `esp_reset_reason_t` in ESP-IDF's esp_system.h, by value. */
const RESET_REASONS = Object.freeze(
	[
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
	] as const,
	true,
);

/** Does not return on the chip. */
export function restart(): void {
	new FFI().esp_restart?.();
}

/** Why the device was reset last. An exception that nobody caught is "software": the SDK ends the machine by `esp_restart`. */
export function resetReason(): string {
	return RESET_REASONS[new FFI().esp_reset_reason?.() ?? 0] ?? "unknown";
}
