import assert from "node:assert/strict";
import { StoredFiles } from "../../../src/storage/stored-files.js";
import { publishStream } from "./images.js";
import type { TestDevice, TestEmulator } from "./lab.js";

/** The document of a job that brings the file "ca-bundle" with these bytes, by the stream or by the URL alone. */
export function fileDocument(
	emulator: TestEmulator,
	bytes: Buffer,
	source: "url" | "streamId" = "streamId",
): Record<string, unknown> {
	const { version: _, ...document } = publishStream(emulator, bytes).document;
	delete document[source === "url" ? "streamId" : "url"];
	return { ...document, operation: "file", name: "ca-bundle" };
}

/** What an application reads of a file: all of it, or undefined where there is none. */
export function storedFile(device: TestDevice, name = "ca-bundle"): Buffer | undefined {
	let content: Buffer | undefined;
	if (!device.powered) device.powerOn();
	device.enter(() => {
		const files = new StoredFiles();
		const file = files.find(name);
		if (file === undefined) return;
		const pieces: Uint8Array[] = [];
		for (let i = 0; ; i += 1) {
			const piece = files.read(name, i);
			if (piece === undefined) break;
			pieces.push(piece);
		}
		content = Buffer.concat(pieces);
		assert.equal(content.byteLength, file.size);
	});
	return content;
}
