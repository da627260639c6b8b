import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { needsOf, PLATFORMS, type Platform, partitionsIn, readFacts, SDKCONFIG, settingsIn } from "../../sdk/facts.js";
import { ENTRIES, list, reachOf, runtimeImports } from "../../tools/parts.js";
import { CHIP_HEAPS } from "../../xs/xs-process.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

interface Manifest extends Part {
	readonly modules?: Readonly<Record<string, string | readonly string[]>>;
	readonly preload?: readonly string[];
	readonly config?: Readonly<Record<string, unknown>>;
	readonly creation?: { readonly main?: string };
	readonly build?: Readonly<Record<string, string>>;
	readonly ffi?: { readonly functions?: object; readonly sources?: readonly string[] };
	readonly platforms?: Readonly<Record<string, Part>>;
}

interface Part {
	readonly include?: string | readonly string[];
	readonly error?: string;
}

const read = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8")) as Manifest;
const facts = readFacts();

/** The SDK's manifests that one of ours includes for a platform, by itself or by others of ours; and the modules that ours map. */
function broughtBy(path: string, platform: Platform): { sdk: string[]; ours: string[] } {
	const manifest = read(path);
	const part = manifest.platforms?.[platform.split("/")[0] ?? ""];
	const found = { sdk: [] as string[], ours: Object.keys(manifest.modules ?? {}) };
	for (const include of [...list(manifest.include), ...list(part?.include)]) {
		if (include.startsWith("$(")) found.sdk.push(include);
		else if (!include.includes("credentials")) {
			const inner = broughtBy(relative(root, resolve(root, dirname(path), include)), platform);
			found.sdk.push(...inner.sdk);
			found.ours.push(...inner.ours);
		}
	}
	return found;
}

/** The modules of a manifest, and of all of ours that it includes. */
function modulesUnder(path: string): Map<string, string> {
	const inner = list(read(path).include)
		.filter((one) => one.startsWith(".") && !one.includes("credentials"))
		.flatMap((one) => [...modulesUnder(relative(root, resolve(root, dirname(path), one)))]);
	return new Map([...inner, ...modulesOf(path)]);
}

/** The files that a manifest's modules name, by the path of the module. */
function modulesOf(path: string): Map<string, string> {
	const named = Object.entries(read(path).modules ?? {});
	return new Map(named.flatMap(([name, values]) => list(values).flatMap((value) => filesOf(path, name, value))));
}

function filesOf(path: string, name: string, value: string): [name: string, file: string][] {
	if (!value.startsWith(".") || value.endsWith("/")) return []; // the SDK's, or a folder of C headers
	const target = resolve(root, dirname(path), value);
	if (!value.endsWith("/*")) return [[name === "*" ? basename(value) : name, `${target}.ts`]];
	const folder = dirname(target);
	return readdirSync(folder)
		.filter((file) => file.endsWith(".ts"))
		.map((file) => [name.replace("*", file.replace(/\.ts$/, "")), join(folder, file)]);
}

describe("The manifests", () => {
	const AGENT = "src/manifest.json";
	const partitionsFile = () => resolve(root, dirname(BOARD), read(BOARD).build?.["PARTITIONS_FILE ?="] as string);
	/** What each app is built by, and where it begins. */
	const APPS = [
		["manifest.json", "src/app/main.ts"],
		["examples/minimal/manifest.json", "examples/minimal/main.ts"],
		["examples/ota/manifest.json", "examples/ota/main.ts"],
		["examples/https/manifest.json", "examples/https/main.ts"],
		["examples/custom-handler/manifest.json", "examples/custom-handler/main.ts"],
	] as const;
	const BOARD = "src/manifests/board.json";
	const paths = [
		AGENT,
		BOARD,
		...Object.keys(ENTRIES).map((part) => `src/manifests/${part}.json`),
		...APPS.map(([path]) => path),
	];

	it("name modules that exist, and none of the host's", () => {
		for (const path of paths) {
			for (const [name, file] of modulesOf(path)) {
				assert.ok(existsSync(file), `${path}: ${name}: ${file}`);
				assert.ok(!file.startsWith(join(root, "host-test")), `${path}: ${name}`);
			}
		}
	});

	for (const [path, main] of APPS) {
		it(`${path} brings every module that its app reaches`, () => {
			const modules = modulesUnder(path);
			assert.equal(modules.get(read(path).creation?.main ?? "main"), join(root, main));
			const named = runtimeImports(`../${main.replace(/\.ts$/, "")}`).filter((one) => one.startsWith("iot-jobs/"));
			const app = main.startsWith("src/") ? [main.slice(4, -3)] : named.map((one) => one.slice("iot-jobs/".length));
			const { ours } = reachOf(app);
			assert.ok(ours.size > 30);
			assert.deepEqual(
				[...ours].filter((module) => !modules.has(`iot-jobs/${module}`)),
				[],
			);
			// What an app includes and does not use it pays for.
			if (list(read(path).include).some((one) => one.endsWith("src/manifest.json"))) return;
			const extra = [...modules.keys()].filter((one) => one.startsWith("iot-jobs/") && !ours.has(one.slice(9)));
			const declared = Object.values(ENTRIES).flat();
			assert.deepEqual(
				extra.filter((one) => !declared.includes(one.slice(9))),
				[],
			);
		});

		it(`${path} has the board's settings last`, () => {
			const includes = list(read(path).include).map((one) => relative(root, resolve(root, dirname(path), one)));
			assert.deepEqual(includes.slice(-2), [BOARD, "credentials/manifest.json"]);
			assert.deepEqual(Object.keys(read(path).creation ?? {}), path === "manifest.json" ? ["main"] : []);
			assert.equal(read(path).build, undefined);
		});
	}

	for (const platform of PLATFORMS) {
		it(`for ${platform} include each module of the SDK that src/ imports`, () => {
			const { sdk, ours } = broughtBy("manifest.json", platform);
			const brought = new Set([...ours, "mc/ffi"]); // mcconfig makes mc/ffi of the manifest's `ffi`
			for (const include of sdk) {
				const modules = facts.modules[include]?.[platform];
				assert.ok(modules, `${include}: not recorded, or refused: npm run test:sdk -- --grep facts`);
				for (const module of modules) brought.add(module);
			}
			assert.deepEqual(
				[...needsOf(root).imports].filter((specifier) => !brought.has(specifier)),
				[],
			);
		});
	}

	it("refuse what the agent does not run on", () => {
		assert.match(read("src/manifests/core.json").platforms?.["..."]?.error ?? "", /esp32.*lin/);
	});

	it("preload each module by its name: mcconfig's patterns see no TypeScript", () => {
		for (const path of paths) assert.deepEqual(list(read(path).preload), [...modulesOf(path).keys()], path);
	});

	it("have the heaps and the TLS options", () => {
		assert.deepEqual(read(BOARD).creation, {
			static: 0,
			chunk: { initial: CHIP_HEAPS.chunks, incremental: 0 },
			heap: { initial: CHIP_HEAPS.slots, incremental: 0 },
			stack: CHIP_HEAPS.stack,
		});
		assert.deepEqual(read("src/manifests/core.json").config?.tls, { DHE_RSA: false });
	});

	it("set rollback, a watchdog and a console, and mcconfig reads each line", () => {
		const { "SDKCONFIGPATH ?=": settingsPath = "" } = read(BOARD).build ?? {};
		assert.equal(resolve(root, dirname(BOARD), settingsPath), join(root, "src/platform/sdkconfig"));
		const lines = (name: string) =>
			readFileSync(join(root, "src/platform/sdkconfig", name), "utf8")
				.trim()
				.split("\n");
		const settings = [...lines("sdkconfig.defaults"), ...lines("sdkconfig.defaults.release")];
		for (const line of settings) assert.match(line, /^(# .*|CONFIG_[A-Z0-9_]+=(y|n|\d+))$/);
		assert.ok(!settings.some((line) => line.endsWith("is not set")));
		for (const setting of [
			"CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y",
			"CONFIG_BOOTLOADER_SKIP_VALIDATE_ALWAYS=n",
			"CONFIG_ESP_TASK_WDT_PANIC=y",
			"CONFIG_ESP_CONSOLE_UART_DEFAULT=y",
		]) {
			assert.ok(settings.includes(setting), setting);
		}
	});

	it("set for ESP-IDF what the SDK sets otherwise on some chip, and nothing in vain", () => {
		const chips = Object.entries(facts.chips).filter(([chip]) => chip !== "esp32h2");
		const ours = settingsIn(join(root, SDKCONFIG));
		assert.ok(chips.length >= 5 && ours.size >= 8);
		for (const [name, value] of ours) {
			const changed = chips.filter(([, { settings }]) => {
				assert.ok(name in settings, `${name} is not recorded: npm run test:sdk -- --grep facts`);
				return settings[name] !== value;
			});
			assert.ok(changed.length > 0, `${name}=${value} is what the SDK has on every chip`);
		}
	});

	it("have the app where the SDK has it, and more room for NVS", () => {
		const ours = partitionsIn(readFileSync(partitionsFile(), "utf8"));
		for (const { partitions } of Object.values(facts.chips)) {
			assert.equal(ours.ota_0?.split(" ")[2], partitions.factory?.split(" ")[2]);
			assert.ok(Number(ours.nvs?.split(" ")[3]) > Number(partitions.nvs?.split(" ")[3]));
		}
	});

	it("divide 4 MB of flash into two equal slots and room for the largest file", () => {
		const table = readFileSync(partitionsFile(), "utf8");
		const rows = table.split("\n").filter((line) => /^\w/.test(line));
		const parts = rows.map((row) => row.split(",").map((one) => one.trim()));
		let end = 0x9000;
		const sizes = new Map<string, number>();
		for (const [name = "", type, , offset, size] of parts) {
			assert.ok(Number(offset) >= end, `${name} overlaps`);
			if (type === "app") assert.equal(Number(offset) % 0x10000, 0, name);
			end = Number(offset) + Number(size);
			sizes.set(name, Number(size));
		}
		assert.ok(end <= 4 << 20);
		assert.equal(sizes.get("ota_0"), sizes.get("ota_1"));
		assert.equal(parts[2]?.[3], "0x10000", "where the SDK has its app");
		// NVS: 126 entries of 32 bytes a page of 4 KB, one page in reserve; a piece of 2 KB takes 66, a generation of credentials some 100.
		const entries = ((sizes.get("nvs") ?? 0) / 4_096 - 1) * 126;
		assert.ok(entries > 2 * 32 * 66 + 2 * 100 + 100, String(entries));
	});

	it("pick up the credentials from a folder that git ignores", () => {
		assert.ok(read("manifest.json").include?.includes("./credentials/manifest.json"));
		assert.match(readFileSync(join(root, ".gitignore"), "utf8"), /^\/credentials\/$/m);
	});
});
