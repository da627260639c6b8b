import FFI from "mc/ffi";
import Net from "net";
import type { StatusDetails } from "../protocol/messages.js";

/**
 * How the chip is: memory in bytes, the time since the start in seconds, the signal of the Wi-Fi in dBm. What the platform does
 * not tell is left out.
 */
export function measureDevice(): StatusDetails {
	const idf = new FFI();
	const details: StatusDetails = {};
	put(details, "heapFree", idf.esp_get_free_heap_size?.());
	put(details, "heapMinFree", idf.esp_get_minimum_free_heap_size?.());
	// In 64 bits: ESP-IDF's milliseconds begin anew after 49 days.
	const uptime = idf.esp_timer_get_time?.();
	put(details, "uptime", uptime === undefined ? undefined : Math.floor(Number(uptime) / 1_000_000));
	put(details, "signal", signal());
	return details;
}

function signal(): number | undefined {
	try {
		return Net.get("RSSI");
	} catch {
		return undefined; // no Wi-Fi
	}
}

function put(details: StatusDetails, name: string, value: number | undefined): void {
	if (value !== undefined) details[name] = String(value);
}
