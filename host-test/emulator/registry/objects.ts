import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Longer names no file system takes. */
const MAX_NAME_BYTES = 255;

/**
 * The objects of all S3 buckets: files in one directory. An object is found by the last part of its key. File streams,
 * job documents and the images of OTA jobs come from here.
 */
export class Objects {
	readonly directory: string;

	constructor(directory: string) {
		this.directory = directory;
	}

	/** @returns undefined when there is no such object */
	read(key: string): Buffer | undefined {
		const name = key.split("/").pop() ?? "";
		if (name === "" || Buffer.byteLength(name) > MAX_NAME_BYTES || name === "." || name === ".." || name.includes("\0"))
			return undefined;
		const path = join(this.directory, name);
		return statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path) : undefined;
	}
}
