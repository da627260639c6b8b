// `npm run build:xs`: makes build/xs-machine. It needs make and a C compiler; with gcc-multilib it has 32 bits, as the chip.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { digestOfNativeSources } from "./sources.js";

const here = fileURLToPath(new URL("./", import.meta.url));
const native = join(here, "native");
const build = join(here, "build");

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

function main(): number {
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
	// A package of its own, installed without scripts, since only XS's C sources are needed.
	execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", native], { stdio: "ignore" });
	const sources = join(native, "node_modules/@agoric/xsnap/moddable/xs");
	const out = join(build, `objects-${bits}`);
	say(`Building XS with ${bits} bits ...`);
	mkdirSync(build, { recursive: true });
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
	say(`host-test/xs/build/xs-machine, ${bits} bits.`);
	return 0;
}

process.exitCode = main();
