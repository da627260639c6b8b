import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs something with a directory of its own, which is deleted at the end. */
export async function inTemporaryDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
	const directory = mkdtempSync(join(tmpdir(), "iot-jobs-"));
	try {
		return await work(directory);
	} finally {
		rmSync(directory, { recursive: true, force: true });
	}
}
