import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

interface Manifest {
	readonly include?: readonly string[];
	readonly modules?: Readonly<Record<string, string | readonly string[]>>;
	readonly preload?: readonly string[];
	readonly config?: Readonly<Record<string, unknown>>;
	readonly creation?: { readonly main?: string };
	readonly build?: Readonly<Record<string, string>>;
	readonly platforms?: Readonly<Record<string, { readonly ffi?: { readonly functions: object } }>>;
}

const read = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8")) as Manifest;
const list = (value: string | readonly string[]) => (typeof value === "string" ? [value] : value);

/**
 * What the SDK's own manifests provide, recorded from the SDK's documentation; they have not been compared with an SDK yet.
 */
const PROVIDED: Readonly<Record<string, RegExp>> = {
	"$(MODDABLE)/examples/manifest_base.json": /^(timer|time|Resource|mc\/config|mc\/ffi|crypt)$/,
	"$(MODDABLE)/examples/manifest_net.json":
		/^(net|sntp|wifi|embedded:(io\/socket\/(udp|tcp(\/tls)?)|network\/(dns\/resolver\/udp|http\/client|mqtt\/client)))$/,
	"$(MODDABLE)/examples/manifest_typings.json": /^$/,
	"$(MODDABLE)/modules/io/manifest.json": /^embedded:(io\/system|storage\/(flash|key-value)|update)$/,
};

function sources(directory = join(root, "src")): string[] {
	return readdirSync(directory, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts"))
		.map((entry) => join(entry.parentPath, entry.name));
}

/** The files that a manifest's modules name, by the path of the module. */
function modulesOf(path: string): Map<string, string> {
	const named = Object.entries(read(path).modules ?? {});
	return new Map(named.flatMap(([name, values]) => list(values).flatMap((value) => filesOf(path, name, value))));
}

function filesOf(path: string, name: string, value: string): [name: string, file: string][] {
	const target = resolve(root, dirname(path), value);
	if (!value.endsWith("/*")) return [[name === "*" ? basename(value) : name, `${target}.ts`]];
	const folder = dirname(target);
	return readdirSync(folder)
		.filter((file) => file.endsWith(".ts"))
		.map((file) => [name.replace("*", file.replace(/\.ts$/, "")), join(folder, file)]);
}

describe("The manifests", () => {
	const AGENT = "src/manifest.json";
	/** What each app is built by, and where it begins. */
	const APPS = [
		["manifest.json", "src/app/main.ts"],
		["examples/https/manifest.json", "examples/https/main.ts"],
		["examples/custom-handler/manifest.json", "examples/custom-handler/main.ts"],
	] as const;
	const paths = [AGENT, ...APPS.map(([path]) => path)];

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
			const modules = new Map([...modulesOf(AGENT), ...modulesOf(path)]);
			assert.equal(modules.get(read(path).creation?.main ?? "main"), join(root, main));
			const reached = new Set<string>();
			const visit = (file: string) => {
				if (reached.has(file)) return;
				reached.add(file);
				for (const [, specifier = ""] of readFileSync(file, "utf8").matchAll(
					/^(?:import|export) [^;]*?from "((?:\.|iot-jobs\/)[^"]+)"/gm,
				)) {
					const named = modules.get(specifier);
					visit(named ?? resolve(dirname(file), specifier.replace(/\.js$/, ".ts")));
				}
			};
			visit(join(root, main));
			const brought = new Set(modules.values());
			assert.ok(reached.size > 30);
			assert.deepEqual(
				[...reached].filter((file) => !brought.has(file)),
				[],
			);
		});

		it(`${path} differs in its modules only`, () => {
			const rest = (one: string) => {
				const { modules: _modules, preload: _preload, build, include = [], creation, ...others } = read(one);
				const places = (at: string) => (at.startsWith(".") ? resolve(root, dirname(one), at) : at);
				const { main: _main, ...heaps } = creation ?? {};
				return { ...others, heaps, sdkconfig: places(build?.SDKCONFIGPATH ?? ""), include: include.map(places) };
			};
			assert.deepEqual(rest(path), rest("manifest.json"));
		});
	}

	it("include what provides each of the platform's modules that src/ imports", () => {
		const includes = read("manifest.json").include ?? [];
		const providers = includes.map((include) => PROVIDED[include]).filter((provided) => provided !== undefined);
		for (const file of sources()) {
			for (const [, specifier] of readFileSync(file, "utf8").matchAll(/^import [^;]*?from "([^."][^"]*)"/gm)) {
				assert.ok(
					providers.some((provided) => provided.test(specifier as string)),
					`${file}: nothing that is included provides ${specifier}`,
				);
			}
		}
		for (const include of includes.filter((one) => one.startsWith("$(MODDABLE)")))
			assert.ok(include in PROVIDED, include);
	});

	it("preload what they bring: code in flash costs no memory", () => {
		for (const path of paths) {
			const preloaded = read(path).preload ?? [];
			for (const name of modulesOf(path).keys()) {
				const covered = preloaded.some((pattern) =>
					pattern.endsWith("/*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name,
				);
				assert.ok(covered, `${path}: ${name}`);
			}
		}
	});

	it("have the heaps, the TLS options, the C functions and the rollback", () => {
		assert.deepEqual(read("manifest.json").creation, {
			main: "iot-jobs/app/main",
			static: 0,
			chunk: { initial: 78_848, incremental: 0 },
			heap: { initial: 4_928, incremental: 0 },
			stack: 512,
		});
		assert.deepEqual(read("src/manifest.json").config?.tls, { DHE_RSA: false });
		const functions = Object.keys(read("src/manifest.json").platforms?.esp32?.ffi?.functions ?? {});
		const callers = ["firmware", "measure"].map((name) => readFileSync(join(root, `src/platform/${name}.ts`), "utf8"));
		const called = [...callers.join("").matchAll(/\.(esp_\w+)\?\.\(/g)].map((match) => match[1]);
		assert.deepEqual(functions.toSorted(), [...new Set(called)].toSorted());
		const folder = read("manifest.json").build?.SDKCONFIGPATH as string;
		const sdkconfig = readFileSync(join(root, folder, "sdkconfig.defaults"), "utf8");
		assert.match(sdkconfig, /^CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y$/m);
	});

	it("pick up the credentials from a folder that git ignores", () => {
		assert.ok(read("manifest.json").include?.includes("./credentials/manifest.json"));
		assert.match(readFileSync(join(root, ".gitignore"), "utf8"), /^\/credentials\/$/m);
	});
});
