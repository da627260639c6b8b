import { existsSync, readFileSync } from "node:fs";
import { UsageError } from "./usage-error.js";

/** Reads the file that an option names. @throws UsageError when there is none */
export function readFileOf(option: string, path: string): Buffer {
	if (!existsSync(path)) throw new UsageError(`${option} ${path}: there is no such file`);
	return readFileSync(path);
}
