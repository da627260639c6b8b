// `npm run build:esp32`, `build:sim` and `flash`: thin calls of the SDK's mcconfig, which say what is missing.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { composeSdkconfig } from "./sdkconfig.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const COMMANDS = {
	esp32: { platform: "esp32", args: ["-t", "build"] },
	flash: { platform: "esp32", args: [] },
	sim: { platform: "lin", args: ["-t", "build"] },
} as const;
export type Command = keyof typeof COMMANDS;

export interface Call {
	/** As mcconfig names it: `lin`, `esp32`, `esp32/esp32c3`. */
	readonly platform: string;
	readonly manifest: string;
	readonly args: readonly string[];
}

/**
 * What mcconfig is called with.
 *
 * @param rest a target first, which is the name of a folder in $MODDABLE/build/devices/esp32/targets; then whatever mcconfig takes:
 * options, a manifest, and settings (`name=value`). Each may be left out
 * @throws for a command that is none
 */
export function callFor(name: string, rest: readonly string[]): Call {
	if (!isCommand(name)) throw new Error(`"${name}" is no command: ${Object.keys(COMMANDS).join(", ")}`);
	const { platform, args } = COMMANDS[name];
	const [first] = rest;
	const target = first !== undefined && /^[\w/]+$/.test(first) && platform === "esp32" ? first : undefined;
	const others = target === undefined ? rest : rest.slice(1);
	const manifest = others.find((one) => one.endsWith(".json")) ?? "manifest.json";
	const whole = target === undefined || target === "esp32" ? platform : `esp32/${target.replace(/^esp32\//, "")}`;
	const passed = others.filter((one) => one !== manifest);
	return { platform: whole, manifest, args: ["-m", "-p", whole, ...args, ...passed, manifest] };
}

function isCommand(name: string): name is Command {
	return Object.hasOwn(COMMANDS, name);
}

/** @returns what has to be done first, or undefined */
export function missing(
	{ platform, manifest }: Call,
	env: NodeJS.ProcessEnv,
	has: (path: string) => boolean,
): string | undefined {
	const { MODDABLE, IDF_PATH, PATH = "" } = env;
	const inPath = (command: string) => PATH.split(delimiter).some((folder) => has(join(folder, command)));
	if (MODDABLE === undefined || !has(MODDABLE)) {
		return "MODDABLE names no folder: install the Moddable SDK (github.com/Moddable-OpenSource/moddable, documentation/Moddable SDK – Getting Started), or run npx xs-dev setup";
	}
	if (!inPath("mcconfig")) {
		return "mcconfig is not on the PATH: add $MODDABLE/build/bin/<host>/release, where the SDK's make has put its tools";
	}
	if (!inPath("tsc")) return "tsc is not on the PATH: npm install --global typescript@6 (the SDK needs 6 or later)";
	const [family, target] = platform.split("/");
	const targets = join(MODDABLE, "build/devices/esp32/targets");
	if (target !== undefined && !has(join(targets, target))) {
		return `the SDK has no target "${target}": they are the folders of ${targets} (an ESP32-S2 is built by its board, saola_wroom for one)`;
	}
	if (family === "esp32" && (IDF_PATH === undefined || !has(IDF_PATH))) {
		return "IDF_PATH names no folder: install ESP-IDF as the SDK's documentation/devices/esp32.md says, and source its export.sh; or run npx xs-dev setup --device esp32";
	}
	if (isOurs(manifest) && !has(join(root, "credentials", "manifest.json"))) {
		return "there are no credentials for the board: npx iot-jobs provision --help says how credentials/manifest.json is made";
	}
	return undefined;
}

function isOurs(manifest: string): boolean {
	return resolve(root, manifest).startsWith(root);
}

/** For a chip, where the app is ours: the folder of ESP-IDF's settings. The manifest takes it from the environment. */
function settingsFor({ platform, manifest, args }: Call, { MODDABLE = "", SDKCONFIGPATH }: NodeJS.ProcessEnv) {
	const [family, board] = platform.split("/");
	if (family !== "esp32" || !isOurs(manifest) || SDKCONFIGPATH !== undefined) return {};
	const { config } = JSON.parse(readFileSync(resolve(root, manifest), "utf8")) as { config?: { version?: string } };
	const given = args.find((one) => one.startsWith("version="))?.slice("version=".length);
	return { SDKCONFIGPATH: composeSdkconfig(MODDABLE, board, given ?? config?.version ?? "1.0.0") };
}

function main(name = "", rest: readonly string[] = []): number {
	const call = callFor(name, rest);
	const problem = missing(call, process.env, existsSync);
	if (problem !== undefined) throw new Error(problem);
	process.stdout.write(`mcconfig ${call.args.join(" ")}\n`);
	const env = { ...process.env, ...settingsFor(call, process.env) };
	return spawnSync("mcconfig", call.args, { cwd: root, stdio: "inherit", env }).status ?? 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	try {
		process.exitCode = main(process.argv[2], process.argv.slice(3));
	} catch (error) {
		process.stderr.write(`${(error as Error).message}\n`);
		process.exitCode = 2;
	}
}
