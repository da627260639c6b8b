import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeImage } from "../device/image.js";
import type { VirtualDevice } from "../device/virtual-device.js";
import { inTemporaryDirectory } from "../temporary-directory.js";
import { xsCommand } from "../xs/sources.js";
import { findXs } from "../xs/xs-app.js";
import { textReporter } from "./reporter.js";
import { runJob } from "./run-job.js";
import { startEmulator } from "./servers.js";

const THING = "demo";
const VERSION = "2.0.0";
const IMAGE_BYTES = 600_000;
/** Slow enough to see the progress bar: the download takes 2 s. */
const BYTES_PER_SECOND = 300_000;

const ENGINES = {
	node: `Node.js; ${xsCommand} builds XS, the chip's engine`,
	xs: "XS, the chip's engine, with the chip's memory",
} as const;

/** `npm start`: a firmware job from end to end. 0 only if the service says SUCCEEDED and the device runs the new image. */
export async function demo(): Promise<number> {
	return await inTemporaryDirectory(update);
}

async function update(directory: string): Promise<number> {
	const engine = findXs() === undefined ? "node" : "xs";
	const emulator = await startEmulator({
		directory: join(directory, "emulator"),
		things: [THING],
		imageBytesPerSecond: BYTES_PER_SECOND,
	});
	try {
		const image = makeImage({ version: VERSION, programBytes: IMAGE_BYTES });
		writeFileSync(join(emulator.imageDirectory, "firmware.bin"), image);
		const document = {
			operation: "ota",
			version: VERSION,
			url: `${emulator.addresses.data.url}/images/firmware.bin`,
			size: image.byteLength,
			sha256: createHash("sha256").update(image).digest("hex"),
		};
		process.stdout.write(`A Jobs service, a virtual device "${THING}", and a firmware job for it.\n`);
		process.stdout.write(`  The agent runs in ${ENGINES[engine]}.\n`);
		const reporter = textReporter();
		const inspect = (device: VirtualDevice) => check(device, image);
		return await runJob({ emulator, thing: THING, directory, document, engine, reporter, inspect });
	} finally {
		await emulator.close();
	}
}

/** Whether the new image runs, is complete in flash, and will be kept by the boot loader. @returns what is wrong */
function check(device: VirtualDevice, image: Buffer): string | undefined {
	const { running, flash } = device;
	if (running?.version !== VERSION) return `the device runs ${running?.version ?? "nothing"}`;
	if (!flash.holds(running.slot, image)) return "the image in flash is not the image that was sent";
	if (flash.bootData.states[running.slot] !== "VALID") return "the boot loader would roll it back";
	return undefined;
}
