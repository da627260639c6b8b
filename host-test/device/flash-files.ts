import {
	closeSync,
	existsSync,
	fstatSync,
	openSync,
	readFileSync,
	readSync,
	renameSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { KeyFiles } from "./key-files.js";
import { OtaData, type Slot, State } from "./ota-data.js";

/** `esp_ota_img_states_t`, or no entry at all. */
export type ImageState = keyof typeof State | "ERASED";

/** The unit in which flash is erased. */
export const SECTOR_BYTES = 4_096;

/** What the boot loader keeps of the two slots (the `otadata` partition). */
export interface BootData {
	/** The slot that boots next. */
	readonly boot: Slot;
	readonly states: readonly [ImageState, ImageState];
}

/** Of our partition table (src/platform/sdkconfig/partitions.csv). */
export const SLOT_BYTES = 0x1e0000;
export const NVS_BYTES = 0x30000;

export interface FlashSizes {
	/** Bytes of each of the two image partitions. */
	readonly slotBytes?: number | undefined;
	/** Bytes of the key-value storage. */
	readonly nvsBytes?: number | undefined;
}

/** A device's flash as files in a directory, which survive a power cut and the process. */
export class FlashFiles extends KeyFiles {
	readonly directory: string;
	/** Bytes of an image partition. */
	readonly slotBytes: number;
	constructor(directory: string, { slotBytes = SLOT_BYTES, nvsBytes = NVS_BYTES }: FlashSizes = {}) {
		super(directory, nvsBytes);
		this.directory = directory;
		this.slotBytes = slotBytes;
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

	/** The boot loader's partition. */
	get otaData(): OtaData {
		const path = this.#otaDataPath();
		return new OtaData(existsSync(path) ? readFileSync(path) : undefined);
	}

	set otaData(data: OtaData) {
		const path = this.#otaDataPath();
		writeFileSync(`${path}.new`, data.bytes);
		renameSync(`${path}.new`, path);
	}

	/** What `otaData` says, by slot. */
	get bootData(): BootData {
		const data = this.otaData;
		const { active } = data;
		const stateOf = (slot: Slot) => nameOf(data.stateOf(slot));
		return { boot: active === undefined ? 0 : data.slot(active), states: [stateOf(0), stateOf(1)] };
	}

	#otaDataPath(): string {
		return join(this.directory, "otadata.bin");
	}

	#slotPath(slot: Slot): string {
		return join(this.directory, `ota_${slot}.bin`);
	}
}

function nameOf(state: number | undefined): ImageState {
	if (state === undefined) return "ERASED";
	const [name = "UNDEFINED"] = Object.entries(State).find(([, value]) => value === state) ?? [];
	return name as ImageState;
}
