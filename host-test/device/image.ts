import { createHash } from "node:crypto";

/**
 * Firmware images in ESP-IDF's format, with the parts that its boot loader checks: header, one segment with the application
 * description, checksum, SHA-256. Source: ESP-IDF, "App Image Format", and esp_app_desc.h.
 */
export const MAGIC = 0xe9;
const DESCRIPTION_MAGIC = 0xabcd5432;
const HEADER_BYTES = 24;
const SEGMENT_HEADER_BYTES = 8;
const DESCRIPTION_AT = HEADER_BYTES + SEGMENT_HEADER_BYTES;
const DESCRIPTION_BYTES = 256;
const VERSION_AT = DESCRIPTION_AT + 16;
const VERSION_BYTES = 32;
const CHECKSUM_SEED = 0xef;
const DIGEST_BYTES = 32;

export interface ImageOptions {
	version: string;
	/** Bytes of a made-up program; the image is a little longer. */
	programBytes?: number;
	/** A program to run, in place of a made-up one. */
	program?: Buffer;
	/** Makes two images of one version differ. */
	seed?: number;
}

/** @returns an image that the boot loader accepts */
export function makeImage({ version, programBytes = 0, program, seed = 1 }: ImageOptions): Buffer {
	const segment = Buffer.alloc(DESCRIPTION_BYTES + (program?.byteLength ?? programBytes));
	segment.writeUInt32LE(DESCRIPTION_MAGIC, 0);
	segment.write(version, VERSION_AT - DESCRIPTION_AT, VERSION_BYTES - 1, "utf8");
	if (program !== undefined) program.copy(segment, DESCRIPTION_BYTES);
	else fillPseudoRandom(segment.subarray(DESCRIPTION_BYTES), seed);
	const header = Buffer.alloc(HEADER_BYTES + SEGMENT_HEADER_BYTES);
	header.writeUInt8(MAGIC, 0);
	header.writeUInt8(1, 1); // segments
	header.writeUInt8(1, 23); // a SHA-256 follows
	header.writeUInt32LE(segment.byteLength, HEADER_BYTES + 4);
	const padding = Buffer.alloc(16 - ((header.byteLength + segment.byteLength) % 16));
	padding.writeUInt8(checksum(segment), padding.byteLength - 1);
	const body = Buffer.concat([header, segment, padding]);
	return Buffer.concat([body, createHash("sha256").update(body).digest()]);
}

/** The boot loader's check of a partition. @returns the image's version, or undefined when it does not boot */
export function verifyImage(partition: Buffer): string | undefined {
	if (partition.byteLength < DESCRIPTION_AT + DESCRIPTION_BYTES || partition[0] !== MAGIC || partition[1] !== 1) {
		return undefined;
	}
	const segmentBytes = partition.readUInt32LE(HEADER_BYTES + 4);
	const segmentEnd = DESCRIPTION_AT + segmentBytes;
	const end = segmentEnd + 16 - (segmentEnd % 16);
	if (segmentBytes < DESCRIPTION_BYTES || end + DIGEST_BYTES > partition.byteLength) return undefined;
	if (partition[end - 1] !== checksum(partition.subarray(DESCRIPTION_AT, segmentEnd))) return undefined;
	const digest = createHash("sha256").update(partition.subarray(0, end)).digest();
	if (!digest.equals(partition.subarray(end, end + DIGEST_BYTES))) return undefined;
	return versionOf(partition);
}

/** The version in an image's application description, or undefined where there is none. */
export function versionOf(image: Buffer): string | undefined {
	if (image.byteLength < DESCRIPTION_AT + DESCRIPTION_BYTES) return undefined;
	if (image[0] !== MAGIC || image.readUInt32LE(DESCRIPTION_AT) !== DESCRIPTION_MAGIC) return undefined;
	const version = image.subarray(VERSION_AT, VERSION_AT + VERSION_BYTES);
	return version.subarray(0, version.indexOf(0)).toString();
}

function checksum(bytes: Buffer): number {
	let sum = CHECKSUM_SEED;
	for (const byte of bytes) sum ^= byte;
	return sum;
}

/** xorshift32: the same bytes for the same seed, everywhere. */
function fillPseudoRandom(bytes: Buffer, seed: number): void {
	let state = seed >>> 0 || 1;
	for (let i = 0; i < bytes.byteLength; i += 1) {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		bytes[i] = state & 0xff;
	}
}
