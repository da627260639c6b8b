import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { otaDataCrc } from "../device/boot-loader.js";
import { makeImage } from "../device/image.js";
import { programOf, verifyImage, versionOf } from "../device/image-format.js";

export type Slot = 0 | 1;

export interface Boot {
	readonly slot: Slot;
	readonly version: string;
	/** The file that mcsim runs. */
	readonly program: string;
}

/** `esp_ota_img_states_t` */
const State = { New: 0, PendingVerify: 1, Valid: 2, Invalid: 3, Aborted: 4 } as const;
/** esp_ota_select_entry_t (esp_flash_partitions.h): sequence, label, state, CRC of the sequence. */
const ENTRY_BYTES = 32;
const STATE_AT = 24;
const CRC_AT = 28;
const SECTOR_BYTES = 4_096;
const ERASED = 0xffff_ffff;

/** An image whose program is what mcsim runs, packed: as it is, it would not fit an OTA slot. */
export function makeProgramImage(program: Buffer, version: string): Buffer {
	return makeImage({ version, program: gzipSync(program) });
}

/** What a cable does: the image into the first slot, and no word of updates. The storage stays. */
export function flashByCable(directory: string, image: Buffer): void {
	mkdirSync(directory, { recursive: true });
	writeFileSync(join(directory, "ota_0.bin"), image);
	for (const name of ["ota_1.bin", "otadata.bin"]) rmSync(join(directory, name), { force: true });
}

/**
 * ESP-IDF's boot loader with CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE, over the simulator's flash: an image that nobody confirmed in its
 * first boot is given up. Source: ESP-IDF, "Over The Air Updates", and bootloader_utility.c.
 *
 * @returns undefined when no slot holds an image that boots
 */
export function bootSimulator(directory: string): Boot | undefined {
	const data = readOtaData(directory);
	giveUpOnTrial(data);
	let entry = latest(data);
	if (entry === undefined) {
		// Never updated: an entry for what came by cable, so that the first update can go back to it.
		entry = 0;
		setEntry(data, entry, 1, State.Valid);
	}
	const first = slotOf(data, entry);
	for (const slot of [first, first === 0 ? 1 : 0] as const) {
		const image = readImage(directory, slot);
		if (image === undefined) continue;
		if (slot === first && stateOf(data, entry) === State.New) setState(data, entry, State.PendingVerify);
		writeOtaData(directory, data);
		return { slot, ...image };
	}
	return undefined;
}

function giveUpOnTrial(data: Buffer): void {
	for (const entry of [0, 1] as const) {
		if (isWhole(data, entry) && stateOf(data, entry) === State.PendingVerify) setState(data, entry, State.Aborted);
	}
}

function readImage(directory: string, slot: Slot): { version: string; program: string } | undefined {
	const path = join(directory, `ota_${slot}.bin`);
	if (!existsSync(path)) return undefined;
	const image = readFileSync(path);
	if (!verifyImage(image)) return undefined;
	const packed = programOf(image);
	const name = createHash("sha256").update(packed).digest("hex").slice(0, 16);
	const program = join(directory, `program-${name}.so`);
	if (!existsSync(program)) {
		writeFileSync(`${program}.new`, gunzipSync(packed));
		renameSync(`${program}.new`, program);
	}
	return { version: versionOf(image) ?? "", program };
}

function readOtaData(directory: string): Buffer {
	const path = join(directory, "otadata.bin");
	const data = Buffer.alloc(2 * SECTOR_BYTES, 0xff);
	if (existsSync(path)) readFileSync(path).copy(data);
	return data;
}

function writeOtaData(directory: string, data: Buffer): void {
	writeFileSync(join(directory, "otadata.bin"), data);
}

/** The entry that counts: the higher sequence, of those that are whole and have not failed. */
function latest(data: Buffer): Slot | undefined {
	const counts = (entry: Slot) =>
		isWhole(data, entry) && stateOf(data, entry) !== State.Invalid && stateOf(data, entry) !== State.Aborted;
	if (counts(0) && counts(1)) return sequenceOf(data, 1) > sequenceOf(data, 0) ? 1 : 0;
	return counts(0) ? 0 : counts(1) ? 1 : undefined;
}

function slotOf(data: Buffer, entry: Slot): Slot {
	return sequenceOf(data, entry) % 2 === 1 ? 0 : 1;
}

function isWhole(data: Buffer, entry: Slot): boolean {
	const sequence = sequenceOf(data, entry);
	return sequence !== ERASED && data.readUInt32LE(entry * SECTOR_BYTES + CRC_AT) === otaDataCrc(sequence);
}

function sequenceOf(data: Buffer, entry: Slot): number {
	return data.readUInt32LE(entry * SECTOR_BYTES);
}

function stateOf(data: Buffer, entry: Slot): number {
	return data.readUInt32LE(entry * SECTOR_BYTES + STATE_AT);
}

function setState(data: Buffer, entry: Slot, state: number): void {
	data.writeUInt32LE(state, entry * SECTOR_BYTES + STATE_AT);
}

function setEntry(data: Buffer, entry: Slot, sequence: number, state: number): void {
	const at = entry * SECTOR_BYTES;
	data.fill(0xff, at, at + ENTRY_BYTES);
	data.writeUInt32LE(sequence, at);
	data.writeUInt32LE(otaDataCrc(sequence), at + CRC_AT);
	setState(data, entry, state);
}
