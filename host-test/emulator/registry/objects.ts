import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

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
		const path = join(this.directory, key.split("/").pop() || "-");
		return existsSync(path) ? readFileSync(path) : undefined;
	}
}
