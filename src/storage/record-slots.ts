import KeyValue, { type Storage } from "embedded:storage/key-value";
import type { SlotStorage } from "../agent/record-store.js";

const KEYS = Object.freeze(["a", "b"] as const, true);

/**
 * The two slots of the execution record, in the platform's key-value storage (NVS on the ESP32). Storage that cannot be opened
 * reads as empty and refuses each write: the agent logs that, and goes on without a record.
 */
export class KeyValueSlots implements SlotStorage {
	private readonly domain: Storage | undefined;

	constructor() {
		this.domain = open();
	}

	read(slot: 0 | 1): Uint8Array | undefined {
		try {
			const value = this.domain?.read(KEYS[slot]);
			return value === undefined ? undefined : new Uint8Array(value as ArrayBuffer);
		} catch {
			return undefined; // as if it had never been written: the other slot counts
		}
	}

	write(slot: 0 | 1, bytes: Uint8Array): void {
		if (this.domain === undefined) throw new Error("the storage cannot be opened");
		this.domain.write(KEYS[slot], bytes);
	}
}

function open(): Storage | undefined {
	try {
		return KeyValue.open({ path: "iot-jobs", mode: "r+", format: "buffer" });
	} catch {
		return undefined;
	}
}
