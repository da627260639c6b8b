import { createHash } from "node:crypto";
import { CHIPS, type Chip, type ChipName, isMapped } from "./chips.js";

/**
 * Firmware images as ESP-IDF v6.0 has them: esp_image_header_t, segments, a checksum at the end of a block of 16 bytes, and a
 * SHA-256 where the header says so. Sources: esp_app_format.h, esp_app_desc.h, esp_image_format.c.
 */
export const MAGIC = 0xe9;
export const DESCRIPTION_MAGIC = 0xabcd5432;
export const HEADER_BYTES = 24;
export const SEGMENT_HEADER_BYTES = 8;
export const DESCRIPTION_BYTES = 256;
/** The description begins the first segment. */
export const DESCRIPTION_AT = HEADER_BYTES + SEGMENT_HEADER_BYTES;
export const HASH_APPENDED_AT = 23;
export const CHIP_ID_AT = 12;
/** In the description. */
export const VERSION_AT = 16;
export const PROJECT_NAME_AT = 48;
export const TEXT_BYTES = 32;
export const PAGE_SIZE_AT = 180;
/** SPI_FLASH_MMU_PAGE_SIZE */
export const PAGE_BYTES = 1 << 16;

const MAX_SEGMENTS = 16;
const MAX_SEGMENT_BYTES = 1 << 24;
const CHECKSUM_SEED = 0xef;
const DIGEST_BYTES = 32;

/** A segment's data, in the image. */
export interface Segment {
	readonly address: number;
	readonly at: number;
	readonly data: Buffer;
}

/** Whether `esp_image_verify` takes what is in a partition, in the boot loader and in `esp_ota_*` alike. */
export function verifyImage(partition: Buffer, chipName: ChipName = "esp32"): boolean {
	const chip = CHIPS[chipName];
	if (partition.byteLength < HEADER_BYTES || partition[0] !== MAGIC) return false;
	if (partition.readUInt16LE(CHIP_ID_AT) !== chip.id) return false;
	const segments = segmentsOf(partition);
	if (segments === undefined || !segments.every((segment, i) => isGood(segment, i, chip))) return false;
	const end = checkedEnd(segments);
	if (partition[end - 1] !== checksumOf(segments)) return false;
	if (partition[HASH_APPENDED_AT] === 0) return true;
	return digestOf(partition.subarray(0, end)).equals(partition.subarray(end, end + DIGEST_BYTES));
}

/** Behind the header, one after the other. @returns undefined when they are more than there may be, or run past the end */
export function segmentsOf(image: Buffer): Segment[] | undefined {
	const count = image[1] ?? 0;
	if (count > MAX_SEGMENTS) return undefined;
	const segments: Segment[] = [];
	let at = HEADER_BYTES;
	for (let i = 0; i < count; i += 1) {
		if (at + SEGMENT_HEADER_BYTES > image.byteLength) return undefined;
		const [address, byteLength] = [image.readUInt32LE(at), image.readUInt32LE(at + 4)];
		at += SEGMENT_HEADER_BYTES;
		if (at + byteLength > image.byteLength) return undefined;
		segments.push({ address, at, data: image.subarray(at, at + byteLength) });
		at += byteLength;
	}
	return segments;
}

/** `verify_segment_header` */
function isGood({ address, at, data }: Segment, index: number, chip: Chip): boolean {
	if (data.byteLength % 4 !== 0 || data.byteLength >= MAX_SEGMENT_BYTES) return false;
	if (index === 0 && chip.hasPageSizes && (data.byteLength < 4 || data.readUInt32LE(0) !== DESCRIPTION_MAGIC)) {
		return false;
	}
	return !isMapped(chip, address) || at % PAGE_BYTES === address % PAGE_BYTES;
}

/** The checksum is the last byte before. */
export function checkedEnd(segments: readonly Segment[]): number {
	const last = segments.at(-1);
	const end = last === undefined ? HEADER_BYTES : last.at + last.data.byteLength;
	return end + 16 - (end % 16);
}

export function checksumOf(segments: readonly Segment[]): number {
	let sum = CHECKSUM_SEED;
	for (const { data } of segments) for (const byte of data) sum ^= byte;
	return sum;
}

export function digestOf(bytes: Buffer): Buffer {
	return createHash("sha256").update(bytes).digest();
}

/** The version in an image's application description, or undefined where there is none. */
export function versionOf(image: Buffer): string | undefined {
	if (image.byteLength < DESCRIPTION_AT + DESCRIPTION_BYTES) return undefined;
	if (image[0] !== MAGIC || image.readUInt32LE(DESCRIPTION_AT) !== DESCRIPTION_MAGIC) return undefined;
	const version = image.subarray(DESCRIPTION_AT + VERSION_AT).subarray(0, TEXT_BYTES);
	const end = version.indexOf(0);
	return version.subarray(0, end < 0 ? TEXT_BYTES : end).toString();
}

/** What `makeImage` was given as program, with up to three bytes more. */
export function programOf(image: Buffer): Buffer {
	return Buffer.concat((segmentsOf(image) ?? []).map(({ data }) => data)).subarray(DESCRIPTION_BYTES);
}
