import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const OURS = join(root, "src/platform/sdkconfig");
const FILES = ["sdkconfig.defaults", "sdkconfig.defaults.release", "sdkconfig.inst"] as const;

/**
 * ESP-IDF's settings for a build: the board's, where its target has some, then ours, then the version that the image says of itself.
 * mcconfig takes one folder of settings, so that ours alone would leave out what the board needs, and the board's alone the rollback.
 *
 * @param board the name of a target of the SDK, or undefined for the plain ESP32
 * @param version of the firmware: the agent compares it with that of an update (esp_app_desc_t)
 * @returns the folder, made anew
 */
export function composeSdkconfig(moddable: string, board: string | undefined, version: string): string {
	const folder = join(root, "build/sdkconfig", board ?? "esp32");
	mkdirSync(folder, { recursive: true });
	const boards = board === undefined ? undefined : boardsFolder(moddable, board);
	for (const file of FILES) {
		const theirs = boards === undefined ? "" : read(join(boards, file));
		let ours = read(join(OURS, file));
		// A board without a UART has its console elsewhere.
		if (theirs.includes("CONFIG_ESP_CONSOLE_")) ours = ours.replace(/^CONFIG_ESP_CONSOLE_.*\n/gm, "");
		const own = file === "sdkconfig.defaults" ? versionLines(version) : "";
		writeFileSync(join(folder, file), `${theirs}\n${ours}${own}`);
	}
	return folder;
}

/** Without them an image's version is that of the SDK's git checkout. */
function versionLines(version: string): string {
	return `CONFIG_APP_PROJECT_VER_FROM_CONFIG=y\nCONFIG_APP_PROJECT_VER="${version}"\n`;
}

function boardsFolder(moddable: string, board: string): string | undefined {
	const target = join(moddable, "build/devices/esp32/targets", board);
	const { build } = JSON.parse(read(join(target, "manifest.json")) || "{}") as { build?: Record<string, string> };
	const path = build?.SDKCONFIGPATH?.replace("$(MODDABLE)", moddable);
	if (path === undefined) return undefined;
	return path.startsWith(".") ? join(target, path) : path;
}

function read(path: string): string {
	return existsSync(path) ? readFileSync(path, "utf8") : "";
}
