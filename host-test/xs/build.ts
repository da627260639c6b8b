import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { xsBuild as build, digestOfNativeSources, native } from "./sources.js";

function say(text: string): void {
	process.stdout.write(`${text}\n`);
}

function works(command: string, ...args: string[]): boolean {
	return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** Whether gcc makes programs of this width here: their C library may be missing. */
function compiles(bits: 32 | 64): boolean {
	const directory = mkdtempSync(join(tmpdir(), "iot-jobs-cc-"));
	try {
		writeFileSync(join(directory, "probe.c"), '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n');
		return works("gcc", `-m${bits}`, join(directory, "probe.c"), "-o", join(directory, "probe"));
	} finally {
		rmSync(directory, { recursive: true, force: true });
	}
}

/**
 * `iot-jobs build-xs`: makes the program xs-machine. It needs make and a C compiler; with gcc-multilib it has 32 bits, as the chip.
 *
 * @returns the exit code
 */
export function buildXs(): number {
	if (!works("make", "--version") || !works("gcc", "--version")) {
		say("XS is not built: make and gcc are missing (Debian: apt-get install build-essential gcc-multilib).");
		say("Everything works without it, in Node.js; but memory and other limits of XS are not tested.");
		return 1;
	}
	const bits = compiles(32) ? 32 : 64;
	if (bits === 64) {
		say("32-bit programs cannot be built here (Debian: apt-get install gcc-multilib): XS is built with 64 bits,");
		say("where a slot has 32 bytes and not 16 as on the chip. Figures in bytes are compared with 32 bits only.");
	}
	mkdirSync(build, { recursive: true });
	const sources = xsSources();
	const out = join(build, `objects-${bits}`);
	say(`Building XS with ${bits} bits ...`);
	const made = spawnSync("make", ["-s", "-j2", "-C", native, `XS=${sources}`, `BITS=${bits}`, `OUT=${out}`], {
		encoding: "utf8",
	});
	if (made.status !== 0) {
		say(made.stderr);
		return 1;
	}
	execFileSync("cp", [join(out, "xs-machine"), join(build, "xs-machine")]);
	writeFileSync(join(build, "bits"), `${bits}\n`);
	writeFileSync(join(build, "sources"), `${digestOfNativeSources()}\n`);
	say(`${join(build, "xs-machine")}, ${bits} bits.`);
	return 0;
}

/** XS's C sources: a package of its own, installed without scripts, as nothing else of it is needed. */
function xsSources(): string {
	const sources = join(build, "node_modules/@agoric/xsnap/moddable/xs");
	for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(native, file), join(build, file));
	execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", build], { stdio: "ignore" });
	return sources;
}
