import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { bootLoader } from "../device/boot-loader.js";
import { makeImage } from "../device/image.js";
import { programOf } from "../device/image-format.js";
import { OtaData, type Slot } from "../device/ota-data.js";

export interface Boot {
	readonly slot: Slot;
	readonly version: string;
	/** The file that mcsim runs. */
	readonly program: string;
}

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

/** ESP-IDF's boot loader over the simulator's flash. @returns undefined when no slot holds an image that boots */
export function bootSimulator(directory: string): Boot | undefined {
	const path = join(directory, "otadata.bin");
	const flash = {
		get otaData() {
			return new OtaData(existsSync(path) ? readFileSync(path) : undefined);
		},
		set otaData(data: OtaData) {
			writeFileSync(path, data.bytes);
		},
		readSlot: (slot: Slot) => readSlot(directory, slot),
	};
	const boot = bootLoader(flash);
	return boot && { ...boot, program: unpackProgram(directory, readSlot(directory, boot.slot)) };
}

function readSlot(directory: string, slot: Slot): Buffer {
	const path = join(directory, `ota_${slot}.bin`);
	return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
}

/** @returns the file that mcsim runs */
function unpackProgram(directory: string, image: Buffer): string {
	const packed = programOf(image);
	const name = createHash("sha256").update(packed).digest("hex").slice(0, 16);
	const program = join(directory, `program-${name}.so`);
	if (!existsSync(program)) {
		writeFileSync(`${program}.new`, gunzipSync(packed));
		renameSync(`${program}.new`, program);
	}
	return program;
}
