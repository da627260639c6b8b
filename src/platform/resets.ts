// The chip's reset, by ESP-IDF's functions (the manifest names them under `ffi`), and why it was. The body of this module runs when
// it is preloaded: the hook lies in flash, and takes no RAM.
import KeyValue, { type Storage } from "embedded:storage/key-value";
import FFI from "mc/ffi";

/** `esp_reset_reason_t` in ESP-IDF's esp_system.h, by value. */
const RESET_REASONS: readonly string[] = Object.freeze(
	(
		"unknown powerOn external software panic interruptWatchdog taskWatchdog watchdog deepSleep brownOut sdio usb jtag efuse " +
		"powerGlitch cpuLockup"
	).split(" "),
	true,
);

/**
 * The last line: XS calls it with what nobody caught, or why it cannot go on, and ends the machine, since it does not return
 * false (`abortHook` in the manifest; `fxAbort` in the SDK's xsPlatform.c). Not after a stack overflow. Full memory has nothing
 * left to tell it with: whatever the hook took would call it again, until the stack is full as well.
 */
Object.assign(globalThis, {
	abort(message: string, exception: unknown): void {
		if (message === "memory full") return;
		try {
			open().write("abort", String(exception ?? message).slice(0, 100));
		} catch {
			// The reason stays what the chip says.
		}
	},
});

/** Does not return on the chip. */
export function restart(): void {
	new FFI().esp_restart?.();
}

/** Once at each boot. What the hook kept is told once, in place of the chip's word for it, "software". */
export function resetReason(): string {
	let reason = RESET_REASONS[new FFI().esp_reset_reason?.() ?? 0] ?? "unknown";
	try {
		const domain = open();
		const aborted = domain.read("abort");
		if (aborted !== undefined) {
			reason = aborted as string;
			domain.delete("abort");
		}
	} catch {
		// What the hook kept cannot be read.
	}
	return reason;
}

/** Beside the record. @throws when it cannot be opened */
function open(): Storage {
	return KeyValue.open({ path: "iot-jobs", mode: "r+", format: "string" });
}
