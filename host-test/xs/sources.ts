import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const native = fileURLToPath(new URL("native/", import.meta.url));

/** Tells of a built machine whether it was made of the files that are here now. */
export function digestOfNativeSources(): string {
	const digest = createHash("sha256");
	for (const name of readdirSync(native).sort()) {
		if (/^Makefile$|\.[ch]$|^package-lock\.json$/.test(name))
			digest.update(name).update(readFileSync(join(native, name)));
	}
	return digest.digest("hex");
}
