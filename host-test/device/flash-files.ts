import {
	closeSync,
	existsSync,
	fstatSync,
	mkdirSync,
	openSync,
	readFileSync,
	readSync,
	renameSync,
	rmSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";

/** `esp_ota_img_states_t`, or no entry at all. */
export type ImageState = "NEW" | "PENDING_VERIFY" | "VALID" | "INVALID" | "ABORTED" | "UNDEFINED" | "ERASED";

export type Slot = 0 | 1;

/** The unit in which flash is erased. */
export const SECTOR_BYTES = 4_096;

/** What the boot loader keeps of the two slots (the `otadata` partition). */
export interface BootData {
	/** The slot that boots next. */
	boot: Slot;
	states: [ImageState, ImageState];
}

/** A device's flash as files in a directory, which survive a power cut and the process. */
export class FlashFiles {
	readonly directory: string;
	/** Bytes of an image partition. */
	readonly slotBytes: number;
	/** A defect of the key-value storage: it is full, or it cannot be opened. */
	failure: "full" | "unreadable" | undefined;
	/** A domain that is full, while the others are not. */
	fullDomain: string | undefined;

	constructor(directory: string, slotBytes: number) {
		this.directory = directory;
		this.slotBytes = slotBytes;
		mkdirSync(join(directory, "nvs"), { recursive: true });
	}

	openKeys(): void {
		if (this.failure === "unreadable") throw new Error("ESP_ERR_NVS_NO_FREE_PAGES");
	}

	readKey(domain: string, key: string): Uint8Array | undefined {
		const path = this.#keyPath(domain, key);
		return existsSync(path) ? readFileSync(path) : undefined;
	}

	writeKey(domain: string, key: string, value: Uint8Array): void {
		if (this.failure === "full" || this.fullDomain === domain)
			throw new Error("ESP_ERR_NVS_NOT_ENOUGH_SPACE: the storage is full");
		mkdirSync(join(this.directory, "nvs", encodeURIComponent(domain)), { recursive: true });
		writeFileSync(this.#keyPath(domain, key), value);
	}

	deleteKey(domain: string, key: string): void {
		rmSync(this.#keyPath(domain, key), { force: true });
	}

	/** ESP-IDF's `nvs_flash_erase`. */
	eraseKeys(): void {
		rmSync(join(this.directory, "nvs"), { recursive: true, force: true });
		mkdirSync(join(this.directory, "nvs"));
	}

	/** @returns an empty buffer when nothing was ever written */
	readSlot(slot: Slot): Buffer {
		const path = this.#slotPath(slot);
		return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
	}

	readRange(slot: Slot, byteLength: number, offset: number): Buffer {
		const bytes = Buffer.alloc(byteLength, 0xff); // as erased flash reads
		if (!existsSync(this.#slotPath(slot))) return bytes;
		const file = openSync(this.#slotPath(slot), "r");
		try {
			readSync(file, bytes, 0, byteLength, offset);
		} finally {
			closeSync(file);
		}
		return bytes;
	}

	writeSlot(slot: Slot, image: Uint8Array): void {
		writeFileSync(this.#slotPath(slot), image);
	}

	/** Erases a slot, or the sectors at its beginning that this many bytes take. */
	eraseSlot(slot: Slot, byteLength = this.slotBytes): void {
		const path = this.#slotPath(slot);
		if (!existsSync(path)) return;
		const bytes = readFileSync(path);
		bytes.fill(0xff, 0, Math.min(bytes.byteLength, Math.ceil(byteLength / SECTOR_BYTES) * SECTOR_BYTES));
		writeFileSync(path, bytes);
	}

	/** As NOR flash: a write clears bits, and only an erase sets them. */
	writeRange(slot: Slot, bytes: Uint8Array, offset: number): void {
		const before = this.readRange(slot, bytes.byteLength, offset);
		this.#put(
			slot,
			bytes.map((byte, i) => byte & (before[i] as number)),
			offset,
		);
	}

	/** @param byteLength of the sector: less, when the power is cut meanwhile */
	eraseSector(slot: Slot, sector: number, byteLength = SECTOR_BYTES): void {
		this.#put(slot, new Uint8Array(byteLength).fill(0xff), sector * SECTOR_BYTES);
	}

	/** The file ends where something was written last. */
	#put(slot: Slot, bytes: Uint8Array, offset: number): void {
		const path = this.#slotPath(slot);
		if (!existsSync(path)) writeFileSync(path, "");
		const file = openSync(path, "r+");
		const { size } = fstatSync(file);
		if (size < offset) writeSync(file, new Uint8Array(offset - size).fill(0xff), 0, offset - size, size);
		writeSync(file, bytes, 0, bytes.byteLength, offset);
		closeSync(file);
	}

	/** Whether a slot begins with these bytes. */
	holds(slot: Slot, image: Uint8Array): boolean {
		return this.readSlot(slot).subarray(0, image.byteLength).equals(image);
	}

	get bootData(): BootData {
		const path = join(this.directory, "otadata.json");
		if (!existsSync(path)) return { boot: 0, states: ["VALID", "ERASED"] };
		return JSON.parse(readFileSync(path, "utf8")) as BootData;
	}

	/** Atomic, as on the chip, where `otadata` has two sectors. */
	set bootData(data: BootData) {
		const path = join(this.directory, "otadata.json");
		writeFileSync(`${path}.new`, JSON.stringify(data));
		renameSync(`${path}.new`, path);
	}

	#slotPath(slot: Slot): string {
		return join(this.directory, `ota_${slot}.bin`);
	}

	#keyPath(domain: string, key: string): string {
		return join(this.directory, "nvs", encodeURIComponent(domain), encodeURIComponent(key));
	}
}
