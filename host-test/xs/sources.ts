import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isClone, packageRoot } from "../package-root.js";

/** The C sources. */
export const native = join(packageRoot, "host-test/xs/native");
/** Where XS is built: a package that npm has installed is not written to. */
export const xsBuild = isClone ? join(packageRoot, "host-test/xs/build") : resolve(".iot-jobs/xs");
/** What npm's package has in place of a compiler: the modules of an image, without `boot.js`. */
export const compiledModules = join(packageRoot, "dist/xs");
/** How one builds it here. */
export const xsCommand = isClone ? "npm run build:xs" : "npx iot-jobs build-xs";

/** Tells of a built machine whether it was made of the files that are here now. */
export function digestOfNativeSources(): string {
	const digest = createHash("sha256");
	for (const name of readdirSync(native).sort()) {
		if (/^Makefile$|\.[ch]$|^package-lock\.json$/.test(name))
			digest.update(name).update(readFileSync(join(native, name)));
	}
	return digest.digest("hex");
}

/** The module that XS starts with. @param main a file, by its path in the image */
export function writeBoot(directory: string, main: string): void {
	const program = `import main from "./${main.replace(/\.ts$/, ".js")}";`;
	writeFileSync(
		join(directory, "boot.js"),
		`${program}\nimport { listen } from "./platform/host.js";\nlisten(main);\n`,
	);
}
