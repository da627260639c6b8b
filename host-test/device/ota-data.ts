/** One of the two image partitions. */
export type Slot = 0 | 1;

/** `esp_ota_img_states_t`, by value. */
export const State = { NEW: 0, PENDING_VERIFY: 1, VALID: 2, INVALID: 3, ABORTED: 4, UNDEFINED: 0xffff_ffff } as const;

/** One of the two entries. */
export type Entry = 0 | 1;

/** esp_ota_select_entry_t (esp_flash_partitions.h): sequence, label, state, CRC of the sequence. */
const ENTRY_BYTES = 32;
const STATE_AT = 24;
const CRC_AT = 28;
const SECTOR_BYTES = 4_096;
const ERASED = 0xffff_ffff;
const ENTRIES = [0, 1] as const;

/**
 * The `otadata` partition: an entry in each of two sectors, and what ESP-IDF's boot loader and `esp_ota_*` do with them. Which slot an
 * entry is for, its sequence says: odd ones are for ota_0. Sources, v6.0: bootloader_common_loader.c, esp_ota_ops.c.
 */
export class OtaData {
	readonly bytes = Buffer.alloc(2 * SECTOR_BYTES, 0xff);

	constructor(bytes?: Uint8Array) {
		if (bytes !== undefined) this.bytes.set(bytes.subarray(0, this.bytes.byteLength));
	}

	state(entry: Entry): number {
		return this.bytes.readUInt32LE(entry * SECTOR_BYTES + STATE_AT);
	}

	setState(entry: Entry, state: number): void {
		this.bytes.writeUInt32LE(state, entry * SECTOR_BYTES + STATE_AT);
	}

	slot(entry: Entry): Slot {
		return this.#sequence(entry) % 2 === 1 ? 0 : 1;
	}

	/** `bootloader_common_ota_select_invalid`: its CRC is not looked at. */
	isInvalid(entry: Entry): boolean {
		return this.#sequence(entry) === ERASED || this.#hasFailed(entry);
	}

	isWhole(entry: Entry): boolean {
		const sequence = this.#sequence(entry);
		return sequence !== ERASED && this.bytes.readUInt32LE(entry * SECTOR_BYTES + CRC_AT) === otaDataCrc(sequence);
	}

	/** `bootloader_common_get_active_otadata` */
	get active(): Entry | undefined {
		const [first, second] = ENTRIES.map((entry) => this.isWhole(entry) && !this.#hasFailed(entry));
		if (first && second) return this.#sequence(1) > this.#sequence(0) ? 1 : 0;
		return first ? 0 : second ? 1 : undefined;
	}

	/** Of a slot's image, by the entry that is for it; undefined where there is none. */
	stateOf(slot: Slot): number | undefined {
		const entry = ENTRIES.find((one) => this.isWhole(one) && this.slot(one) === slot);
		return entry === undefined ? undefined : this.state(entry);
	}

	write(entry: Entry, sequence: number, state: number): void {
		this.erase(entry);
		const at = entry * SECTOR_BYTES;
		this.bytes.writeUInt32LE(sequence, at);
		this.bytes.writeUInt32LE(otaDataCrc(sequence), at + CRC_AT);
		this.setState(entry, state);
	}

	erase(entry: Entry): void {
		const at = entry * SECTOR_BYTES;
		this.bytes.fill(0xff, at, at + ENTRY_BYTES);
	}

	/** `esp_ota_invalidate_inactive_ota_data_slot`: what is about to be overwritten must not boot any more. */
	forget(running: Slot): void {
		const { active } = this;
		if (active === undefined) return;
		const inactive = active === 0 ? 1 : 0;
		if (this.isWhole(inactive) && this.slot(inactive) !== running) this.erase(inactive);
	}

	/** `esp_rewrite_ota_data`: the slot boots next. */
	activate(slot: Slot, state: number): void {
		const { active } = this;
		if (active === undefined) return this.write(0, slot + 1, state);
		if (this.slot(active) === slot) return this.setState(active, state);
		let sequence = (slot + 1) % 2;
		while (this.#sequence(active) > sequence) sequence += 2;
		this.write(active === 0 ? 1 : 0, sequence, state);
	}

	#sequence(entry: Entry): number {
		return this.bytes.readUInt32LE(entry * SECTOR_BYTES);
	}

	#hasFailed(entry: Entry): boolean {
		const state = this.state(entry);
		return state === State.INVALID || state === State.ABORTED;
	}
}

/** crc32_le of the chip's ROM, begun with all ones, over an entry's sequence: what makes the entry count. */
function otaDataCrc(sequence: number): number {
	let crc = 0;
	for (let i = 0; i < 4; i += 1) {
		crc ^= (sequence >>> (8 * i)) & 0xff;
		for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
	}
	return ~crc >>> 0;
}
