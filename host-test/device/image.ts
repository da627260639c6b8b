import { CHIPS, type Chip, type ChipName } from "./chips.js";
import {
	CHIP_ID_AT,
	checkedEnd,
	checksumOf,
	DESCRIPTION_BYTES,
	DESCRIPTION_MAGIC,
	digestOf,
	HASH_APPENDED_AT,
	HEADER_BYTES,
	MAGIC,
	PAGE_BYTES,
	PAGE_SIZE_AT,
	PROJECT_NAME_AT,
	SEGMENT_HEADER_BYTES,
	type Segment,
	TEXT_BYTES,
	VERSION_AT,
} from "./image-format.js";

/** As many as builds have, by chip and by what they link. */
export type SegmentCount = 3 | 4 | 5 | 6 | 7;

export interface ImageOptions {
	version: string;
	/** Bytes of a made-up program; the image is a little longer. */
	programBytes?: number;
	/** A program to run, in place of a made-up one. */
	program?: Buffer;
	/** Makes two images of one version differ. */
	seed?: number;
	/** Default: esp32. */
	chip?: ChipName;
	/** Default: 5. */
	segments?: SegmentCount;
	/** Default: iot-jobs. */
	projectName?: string;
	/** Whether a SHA-256 is appended, as builds do unless they are told not to. Default: true. */
	hashed?: boolean;
}

/** What a segment is for: flash that is mapped (data, code), what is copied to RAM at boot, and what fills up to a page. */
type Kind = "drom" | "irom" | "dram" | "iram" | "rtc" | "padding";

/** The order in which esptool has them: the description's segment first, and RAM around the code to fill up pages. */
const LAYOUTS: Readonly<Record<SegmentCount, readonly Kind[]>> = {
	3: ["drom", "dram", "irom"],
	4: ["drom", "dram", "iram", "irom"],
	5: ["drom", "dram", "iram", "irom", "iram"],
	6: ["drom", "dram", "iram", "irom", "iram", "rtc"],
	7: ["drom", "padding", "dram", "iram", "irom", "iram", "rtc"],
};

/** Of the program, in per mille; the code has the rest. */
const SHARES: Readonly<Record<Exclude<Kind, "irom">, number>> = { drom: 320, dram: 10, iram: 40, rtc: 1, padding: 20 };

/** Makes an image that the chip's boot loader takes. */
export function makeImage(options: ImageOptions): Buffer {
	const { programBytes = 0, chip = "esp32" } = options;
	const program = padded(options.program ?? madeUp(programBytes, options.seed ?? 1));
	const kinds = LAYOUTS[options.segments ?? 5];
	const pieces = divide(program, kinds);
	pieces[0] = Buffer.concat([describe(options, program), pieces[0] as Buffer]);
	const segments = place(pieces, kinds, CHIPS[chip]);
	const body = Buffer.alloc(checkedEnd(segments));
	writeHeader(body, segments, CHIPS[chip]);
	for (const { address, at, data } of segments) {
		body.writeUInt32LE(address, at - SEGMENT_HEADER_BYTES);
		body.writeUInt32LE(data.byteLength, at - SEGMENT_HEADER_BYTES + 4);
		data.copy(body, at);
	}
	body.writeUInt8(checksumOf(segments), body.byteLength - 1);
	if (options.hashed === false) return body;
	body.writeUInt8(1, HASH_APPENDED_AT);
	return Buffer.concat([body, digestOf(body)]);
}

/** esp_image_header_t: DIO, 80 MHz, 4 MB, whatever the chip's revision. */
function writeHeader(body: Buffer, segments: readonly Segment[], { id, iram }: Chip): void {
	body.writeUInt8(MAGIC, 0);
	body.writeUInt8(segments.length, 1);
	body.writeUInt8(2, 2);
	body.writeUInt8(0x2f, 3);
	body.writeUInt32LE(iram + 0x100, 4); // entry
	body.writeUInt8(0xee, 8); // no pin for write protection
	body.writeUInt16LE(id, CHIP_ID_AT);
	body.writeUInt16LE(0xffff, 17); // no highest revision
}

/** esp_app_desc_t */
function describe({ version, projectName = "iot-jobs" }: ImageOptions, program: Buffer): Buffer {
	const description = Buffer.alloc(DESCRIPTION_BYTES);
	description.writeUInt32LE(DESCRIPTION_MAGIC, 0);
	description.write(version, VERSION_AT, TEXT_BYTES - 1, "utf8");
	description.write(projectName, PROJECT_NAME_AT, TEXT_BYTES - 1, "utf8");
	description.write("12:00:00", 80, "latin1");
	description.write("Jan  1 2026", 96, "latin1");
	description.write("v6.0", 112, "latin1");
	digestOf(program).copy(description, 144); // of the ELF file, in a real one
	description.writeUInt8(Math.log2(PAGE_BYTES), PAGE_SIZE_AT);
	return description;
}

/** A segment's length is a multiple of four. */
function padded(program: Buffer): Buffer {
	return Buffer.concat([program, Buffer.alloc(-program.byteLength & 3)]);
}

function divide(program: Buffer, kinds: readonly Kind[]): Buffer[] {
	const lengths = kinds.map((kind) => (kind === "irom" ? 0 : ((program.byteLength * SHARES[kind]) / 1_000) & ~3));
	const code = program.byteLength - lengths.reduce((sum, length) => sum + length, 0);
	let at = 0;
	return kinds.map((kind, i) => {
		const piece = program.subarray(at, at + (kind === "irom" ? code : (lengths[i] as number)));
		at += piece.byteLength;
		return piece;
	});
}

/** What is mapped has its place within a page of flash; esptool moves it there, here its address follows. */
function place(pieces: readonly Buffer[], kinds: readonly Kind[], chip: Chip): Segment[] {
	const next = { dram: chip.dram, iram: chip.iram, rtc: chip.rtc };
	let at = HEADER_BYTES;
	return pieces.map((data, i) => {
		const kind = kinds[i] as Kind;
		at += SEGMENT_HEADER_BYTES;
		let address = 0;
		if (kind === "drom") address = chip.drom[0] + (at % PAGE_BYTES);
		// Behind the data where both share the addresses.
		else if (kind === "irom") address = chip.irom[0] + Math.floor(at / PAGE_BYTES + 1) * PAGE_BYTES + (at % PAGE_BYTES);
		else if (kind !== "padding") {
			address = next[kind];
			next[kind] += data.byteLength;
		}
		const segment = { address, at, data };
		at += data.byteLength;
		return segment;
	});
}

/** xorshift32: the same bytes for the same seed, everywhere. */
function madeUp(byteLength: number, seed: number): Buffer {
	const bytes = Buffer.alloc(byteLength);
	let state = seed >>> 0 || 1;
	for (let i = 0; i < byteLength; i += 1) {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		bytes[i] = state & 0xff;
	}
	return bytes;
}
