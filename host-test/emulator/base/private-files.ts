import { chmodSync, existsSync, mkdirSync } from "node:fs";

/** A folder with keys, passwords or documents in it: nobody but its user may look into it. Made, if it is not there. */
export function privateFolder(path: string): void {
	mkdirSync(path, { recursive: true, mode: 0o700 });
	chmodSync(path, 0o700); // it may be of an earlier version, which left it open
}

/** Files with the same in them, where they are. */
export function privateFiles(...paths: readonly string[]): void {
	for (const path of paths) if (existsSync(path)) chmodSync(path, 0o600);
}
