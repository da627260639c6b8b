// `npm run build:esp32` and `npm run flash`: thin calls of the SDK's mcconfig, which say what is missing.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const CHIPS = ["esp32", "esp32s2", "esp32s3", "esp32c3", "esp32c6"] as const;
const TARGETS: Readonly<Record<string, { readonly platform: string; readonly args: readonly string[] }>> = {
	esp32: { platform: "esp32", args: ["-t", "build"] },
	flash: { platform: "esp32", args: [] },
};

/** @returns what has to be done first, or undefined */
export function missing(env: NodeJS.ProcessEnv, has: (path: string) => boolean): string | undefined {
	const { MODDABLE, IDF_PATH, PATH = "" } = env;
	const inPath = (command: string) => PATH.split(delimiter).some((folder) => has(join(folder, command)));
	if (MODDABLE === undefined || !has(MODDABLE)) {
		return "MODDABLE names no folder: install the Moddable SDK (github.com/Moddable-OpenSource/moddable, documentation/Moddable SDK – Getting Started), or run npx xs-dev setup";
	}
	if (!inPath("mcconfig")) {
		return "mcconfig is not on the PATH: add $MODDABLE/build/bin/<host>/release, where the SDK's make has put its tools";
	}
	if (!inPath("tsc")) return "tsc is not on the PATH: npm install --global typescript@6 (the SDK needs 6 or later)";
	if (IDF_PATH === undefined || !has(IDF_PATH)) {
		return "IDF_PATH names no folder: install ESP-IDF as the SDK's documentation/devices/esp32.md says, and source its export.sh; or run npx xs-dev setup --device esp32";
	}
	if (!has(join(root, "credentials", "manifest.json"))) {
		return "there are no credentials for the board: npx iot-jobs provision --help";
	}
	return undefined;
}

/** The target's platform with the chip: `esp32/esp32c3`. @throws for a chip that is none */
export function platformOf(platform: string, chip: string | undefined): string {
	if (chip === undefined || chip === "esp32") return platform;
	if (!(CHIPS as readonly string[]).includes(chip))
		throw new Error(`"${chip}" is no chip of the family: ${CHIPS.join(", ")}`);
	return `${platform}/${chip}`;
}

/**
 * What mcconfig is called with.
 *
 * @param rest a chip, a manifest, and settings (`name=value`), each of which may be left out
 * @throws for a target or a chip that is none
 */
export function argumentsFor(name: string, rest: readonly string[]): string[] {
	const target = TARGETS[name];
	if (target === undefined) throw new Error(`"${name}" is no target: ${Object.keys(TARGETS).join(", ")}`);
	const manifest = rest.find((one) => one.endsWith(".json")) ?? "manifest.json";
	const [first, ...others] = rest.filter((one) => one !== manifest);
	const chip = first?.includes("=") ? undefined : first;
	const platform = platformOf(target.platform, chip);
	const settings = chip === undefined && first !== undefined ? [first, ...others] : others;
	return ["-m", "-p", platform, ...target.args, manifest, ...settings];
}

function main(name = "", rest: readonly string[] = []): number {
	const args = argumentsFor(name, rest);
	const problem = missing(process.env, existsSync);
	if (problem !== undefined) throw new Error(problem);
	process.stdout.write(`mcconfig ${args.join(" ")}\n`);
	return spawnSync("mcconfig", args, { cwd: root, stdio: "inherit" }).status ?? 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	try {
		process.exitCode = main(process.argv[2], process.argv.slice(3));
	} catch (error) {
		process.stderr.write(`${(error as Error).message}\n`);
		process.exitCode = 2;
	}
}
