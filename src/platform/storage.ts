import KeyValue from "embedded:storage/key-value";
import type { SlotStorage } from "../agent/record-store.js";

const KEYS = ["a", "b"] as const;

/**
 * The two slots of the execution record in the platform's key-value storage (NVS on the ESP32). NVS names are at most
 * 15 characters long.
 */
export function recordStorage(): SlotStorage {
	const domain = KeyValue.open({ path: "iot-jobs", mode: "r+", format: "buffer" });
	return {
		read(slot) {
			try {
				const value = domain.read(KEYS[slot]);
				return value === undefined ? undefined : new Uint8Array(value as ArrayBuffer);
			} catch {
				return undefined; // as good as never written: the other slot counts
			}
		},
		write(slot, bytes) {
			domain.write(KEYS[slot], bytes);
		},
	};
}
