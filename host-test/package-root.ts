import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The folder of the package: the clone, or where npm has installed it. What is read and not loaded is found from here, since
 * a compiled file lies deeper (`dist/host-test/...`) than its source.
 */
export const packageRoot: string = folderWith("package.json", dirname(fileURLToPath(import.meta.url)));

/** Whether the sources of host-test/ are here: a clone, and not what npm has packed. */
export const isClone: boolean = existsSync(join(packageRoot, "host-test/package-root.ts"));

function folderWith(file: string, folder: string): string {
	return existsSync(join(folder, file)) ? folder : folderWith(file, dirname(folder));
}
