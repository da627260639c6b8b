import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeImage } from "../../device/image.js";
import type { Emulator } from "../../emulator/emulator.js";

export interface TestImage {
	readonly image: Buffer;
	readonly document: Record<string, unknown>;
}

let images = 0;

/** Puts an image where the emulator serves it. @returns it, and the document of the job that installs it */
export function publishImage(
	emulator: Emulator,
	image: Buffer = makeImage({ version: "2.0.0", programBytes: 20_000 }),
	version = "2.0.0",
): TestImage {
	images += 1;
	const name = `image-${process.pid}-${images}.bin`;
	writeFileSync(join(emulator.imageDirectory, name), image);
	return {
		image,
		document: {
			operation: "ota",
			version,
			url: `${emulator.addresses.data.url}/images/${name}`,
			size: image.byteLength,
			sha256: createHash("sha256").update(image).digest("hex"),
		},
	};
}

/** The same as a file stream over MQTT. @returns the document asks for the stream, and has the URL as well */
export function publishStream(emulator: Emulator, image?: Buffer, version?: string): TestImage {
	const published = publishImage(emulator, image, version);
	const key = String(published.document.url).split("/").pop() as string;
	const streamId = `stream-${key.replaceAll(".", "-")}`;
	emulator.streams.put({
		streamId,
		streamVersion: 1,
		description: undefined,
		files: [{ fileId: 3, bucket: "images", key }],
		roleArn: undefined,
		createdAt: 0,
		lastUpdatedAt: 0,
	});
	return { ...published, document: { ...published.document, streamId, fileId: 3 } };
}
