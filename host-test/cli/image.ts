import { writeFileSync } from "node:fs";
import type { ChipName } from "../device/chips.js";
import { makeImage, type SegmentCount } from "../device/image.js";
import { segmentsOf } from "../device/image-format.js";
import { UsageError } from "./usage-error.js";

export interface ImageCommandOptions {
	version: string;
	out: string;
	chip: ChipName;
	size: number;
	segments: string;
	project: string;
	seed: number;
	sha256: boolean;
}

/** What fits into `esp_app_desc_t`, with the 0 behind it. */
const MAX_TEXT_BYTES = 31;

/** `iot-jobs image`: writes a firmware image as builds have them, with a made-up program. */
export async function image(options: ImageCommandOptions): Promise<number> {
	const { version, out, chip, size, segments, project, seed, sha256 } = options;
	for (const [option, text] of [
		["--version", version],
		["--project", project],
	] as const) {
		if (!/^[!-~]+$/.test(text) || text.length > MAX_TEXT_BYTES)
			throw new UsageError(`${option} "${text}": 1 to ${MAX_TEXT_BYTES} printable characters of ASCII, without spaces`);
	}
	const bytes = makeImage({
		...{ version, chip, seed, programBytes: size, hashed: sha256 },
		...{ segments: Number(segments) as SegmentCount, projectName: project },
	});
	try {
		writeFileSync(out, bytes);
	} catch (error) {
		throw new UsageError(`--out ${out}: ${(error as Error).message}`);
	}
	process.stdout.write(`${out}: ${project} ${version} for ${chip}, ${bytes.byteLength} bytes\n`);
	for (const { address, at, data } of segmentsOf(bytes) ?? []) {
		process.stdout.write(`  0x${address.toString(16).padStart(8, "0")}  ${data.byteLength} bytes at ${at}\n`);
	}
	return 0;
}
