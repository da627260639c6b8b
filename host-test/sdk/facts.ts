import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findSdk, type Sdk } from "./sdk.js";

/** What the SDK's manifests bring: recorded, so that a wrong include is found where there is no SDK. */
export interface Facts {
	/** Of the SDK that they were taken from. */
	readonly version: string;
	/** The modules of the SDK that an include makes importable, on each platform; null where mcconfig refuses it. */
	readonly modules: Readonly<Record<string, Readonly<Record<Platform, readonly string[] | null>>>>;
	/** Targets of the ESP32 family: the chip, and whether the target has an sdkconfig of its own, which replaces ours. */
	readonly targets: Readonly<Record<string, { readonly chip: string; readonly ownSdkconfig: boolean }>>;
	/** By chip, what the SDK builds with where a manifest says nothing. */
	readonly chips: Readonly<Record<string, ChipFacts>>;
}

export interface ChipFacts {
	/** Of the settings that ours set: the SDK's values, in release builds; null where it leaves them to ESP-IDF. */
	readonly settings: Readonly<Record<string, string | null>>;
	/** Type, subtype, offset and size, by name. */
	readonly partitions: Readonly<Record<string, string>>;
}

/** Our settings for ESP-IDF, by file: `.defaults` counts for each build, `.release` over it. */
export const SDKCONFIG = "src/platform/sdkconfig";

export const PLATFORMS = ["esp32", "esp32/esp32c3", "lin"] as const;
export type Platform = (typeof PLATFORMS)[number];

const root = fileURLToPath(new URL("../../", import.meta.url));
const FILE = fileURLToPath(new URL("facts.json", import.meta.url));

export function readFacts(): Facts {
	return JSON.parse(readFileSync(FILE, "utf8")) as Facts;
}

/**
 * Asks the SDK itself: mcconfig is run on a manifest with one include, and says in its make file which modules there are.
 *
 * @param wanted which modules are of interest
 */
export async function factsOf(
	sdk: Sdk,
	includes: readonly string[],
	wanted: (module: string) => boolean,
	directory: string,
): Promise<Facts> {
	const modules: Record<string, Record<Platform, string[] | null>> = {};
	for (const include of includes) {
		const brought = { esp32: null, "esp32/esp32c3": null, lin: null } as Record<Platform, string[] | null>;
		for (const platform of PLATFORMS) {
			const app = join(directory, "includes");
			mkdirSync(app, { recursive: true });
			const base = "$(MODDABLE)/examples/manifest_base.json";
			const manifest = join(app, "manifest.json");
			writeFileSync(manifest, JSON.stringify({ include: [...new Set([base, include])] }));
			const makefile = await sdk.configure({ target: platform, manifest, output: directory });
			brought[platform] = makefile === undefined ? null : modulesIn(makefile).filter(wanted).toSorted();
		}
		modules[include] = brought;
	}
	return { version: sdk.version, modules, targets: targetsOf(sdk), chips: chipsOf(sdk) };
}

/** `$(MODULES_DIR)/~.embedded/io/socket/tcp.xsb` is `embedded:io/socket/tcp`. */
function modulesIn(makefile: string): string[] {
	const list = /^MODULES =(.*?)^PRELOADS =/ms.exec(makefile)?.[1] ?? "";
	return [...list.matchAll(/\$\(MODULES_DIR\)\/(.+)\.xsb/g)].map(([, name = ""]) =>
		name.startsWith("~.") ? name.slice(2).replace("/", ":") : name,
	);
}

function targetsOf(sdk: Sdk): Facts["targets"] {
	const folder = join(sdk.directory, "build/devices/esp32/targets");
	const found: Record<string, { chip: string; ownSdkconfig: boolean }> = {};
	for (const name of readdirSync(folder).toSorted()) {
		const file = join(folder, name, "manifest.json");
		if (!existsSync(file)) continue;
		const { build = {} } = JSON.parse(readFileSync(file, "utf8")) as { build?: Record<string, string> };
		found[name] = { chip: build.ESP32_SUBCLASS ?? "esp32", ownSdkconfig: build.SDKCONFIGPATH !== undefined };
	}
	return found;
}

/** What the SDK's project for each chip sets: files that are read, nothing is built. */
export function chipsOf(sdk: Sdk): Facts["chips"] {
	const folder = join(sdk.directory, "build/devices/esp32");
	const names = [...settingsIn(join(root, SDKCONFIG)).keys()].toSorted();
	const projects = readdirSync(folder).filter((name) => name.startsWith("xsProj-"));
	return Object.fromEntries(
		projects.toSorted().map((name) => {
			const settings = settingsIn(join(folder, name));
			const partitions = partitionsIn(readFileSync(join(folder, name, "partitions.csv"), "utf8"));
			const values = names.map((one) => [one, settings.get(one) ?? null]);
			return [name.slice("xsProj-".length), { settings: Object.fromEntries(values), partitions }];
		}),
	);
}

/** Of a release build. ESP-IDF reads `# X is not set` as X=n. */
export function settingsIn(folder: string): Map<string, string> {
	const settings = new Map<string, string>();
	for (const name of ["sdkconfig.defaults", "sdkconfig.defaults.release"]) {
		const text = readFileSync(join(folder, name), "utf8");
		for (const [, set, value = "n", unset] of text.matchAll(/^(?:(CONFIG_\w+)=(.*)|# (CONFIG_\w+) is not set)$/gm))
			settings.set(set ?? (unset as string), value);
	}
	return settings;
}

export function partitionsIn(table: string): Record<string, string> {
	const rows = table.split("\n").filter((line) => /^\w/.test(line));
	return Object.fromEntries(
		rows.map((row) => {
			const [name = "", type, subtype, offset, size] = row.split(",").map((cell) => cell.trim());
			return [name, `${type} ${subtype} 0x${Number(offset).toString(16)} 0x${Number(size).toString(16)}`];
		}),
	);
}

/** The SDK's manifests that ours include, whatever the platform, and the SDK's modules that `src/` imports. */
export function needsOf(root: string): { includes: string[]; imports: Set<string> } {
	const includes = new Set<string>();
	const parts = readdirSync(join(root, "src/manifests")).map((name) => `src/manifests/${name}`);
	for (const name of ["manifest.json", "src/manifest.json", "src/platform/lin/manifest.json", ...parts]) {
		const text = readFileSync(join(root, name), "utf8");
		for (const [, include = ""] of text.matchAll(/"(\$\(MODDABLE\)[^"]+manifest[^"]*\.json)"/g)) includes.add(include);
	}
	const imports = new Set<string>();
	for (const entry of readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })) {
		if (!entry.isFile() || !entry.name.endsWith(".ts") || entry.name.endsWith(".d.ts")) continue;
		const text = readFileSync(join(entry.parentPath, entry.name), "utf8");
		for (const [, specifier = ""] of text.matchAll(/^import [^;]*?from "([^."][^"]*)"/gm)) imports.add(specifier);
	}
	return { includes: [...includes].toSorted(), imports };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const sdk = findSdk();
	if (sdk === undefined) throw new Error("MODDABLE is not set");
	const { includes, imports } = needsOf(root);
	const facts = await factsOf(sdk, includes, (name) => imports.has(name), join(root, "build/sdk"));
	writeFileSync(FILE, `${JSON.stringify(facts, null, "\t")}\n`);
}
