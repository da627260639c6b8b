// What each manifest of src/manifests has to bring, computed from the imports of the modules that an application names.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../../", import.meta.url));
export const MANIFESTS = join(root, "src/manifests");

/** What an application, or another part, imports of each part: modules of `src/`. All else follows from it. */
export const ENTRIES: Readonly<Record<string, readonly string[]>> = {
	core: [
		"app/app",
		"agent/engine",
		"agent/handler",
		"link/dialer",
		"link/guards",
		"link/link-options",
		"platform/network",
	],
	mqtt: ["mqtt-agent", "platform/mqtt-network"],
	http: ["link/http", "platform/https-network"],
	"https-agent": ["https-agent"],
	downloads: ["app/downloads", "download/file-download", "download/file-document"],
	https: ["app/https"],
	streams: ["app/streams"],
	keys: ["crypto/der", "crypto/rsa"],
	signature: ["app/signature"],
	reboot: ["app/reboot", "handlers/reboot"],
	ota: ["app/ota"],
	trial: ["handlers/change-on-trial", "storage/two-versions"],
	config: ["app/settings"],
	certificates: ["app/certificates"],
	"stored-files": ["storage/stored-files"],
	files: ["app/files"],
	erase: ["app/erase"],
	diagnostics: ["app/diagnostics"],
	wifi: ["app/wifi"],
	topics: ["protocol/topic-parser"],
};

export interface Manifest {
	readonly include?: string | readonly string[];
	readonly modules?: Readonly<Record<string, string | readonly string[]>>;
	readonly preload?: readonly string[];
	readonly ffi?: { readonly functions?: object; readonly sources?: readonly string[] };
	readonly platforms?: Readonly<Record<string, { readonly include?: string | readonly string[] }>>;
}

export const readManifest = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Manifest;
export const pathOf = (part: string) => join(MANIFESTS, `${part}.json`);
export const list = (value: string | readonly string[] = []) => (typeof value === "string" ? [value] : value);

/** The parts that a part includes, itself first. */
export function partsUnder(part: string, manifestOf = (one: string) => readManifest(pathOf(one))): Set<string> {
	const found = new Set([part]);
	for (const one of found)
		for (const include of list(manifestOf(one).include))
			if (/^\.\/[\w-]+\.json$/.test(include)) found.add(include.slice(2, -".json".length));
	return found;
}

/** A file of `src/` imports these when it runs: modules of `src/` by their paths there, others by their names. Types are none. */
export function runtimeImports(module: string): string[] {
	const file = join(root, "src", `${module}.ts`);
	const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ESNext);
	return source.statements
		.filter((one) => ts.isImportDeclaration(one) || ts.isExportDeclaration(one))
		.filter((one) => one.moduleSpecifier !== undefined && !isTypeOnly(one))
		.map((one) => (one.moduleSpecifier as ts.StringLiteral).text)
		.map((specifier) =>
			specifier.startsWith(".")
				? relative(join(root, "src"), resolve(dirname(file), specifier)).replace(/\.js$/, "")
				: specifier,
		);
}

function isTypeOnly(one: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
	if (ts.isExportDeclaration(one)) return one.isTypeOnly;
	const { importClause } = one;
	if (importClause === undefined) return false;
	const { isTypeOnly: all, name, namedBindings } = importClause;
	if (all) return true;
	if (name !== undefined || namedBindings === undefined || ts.isNamespaceImport(namedBindings)) return false;
	return namedBindings.elements.every((element) => element.isTypeOnly);
}

const isOurs = (module: string) => existsSync(join(root, "src", `${module}.ts`));

/** The modules of `src/` that are reached, and those of the platform. */
export function reachOf(entries: readonly string[]): { ours: Set<string>; platform: Set<string> } {
	const ours = new Set(entries);
	const platform = new Set<string>();
	for (const module of ours) for (const one of runtimeImports(module)) (isOurs(one) ? ours : platform).add(one);
	return { ours, platform };
}

/** What a part has to bring: all that its entries reach, but for what the parts that it includes bring. */
export function modulesOf(part: string): string[] {
	const { ours } = reachOf(ENTRIES[part] ?? []);
	for (const other of partsUnder(part)) {
		if (other !== part) for (const module of reachOf(ENTRIES[other] ?? []).ours) ours.delete(module);
	}
	return [...ours].toSorted();
}

/** Every module of `src/`. */
export function allModules(): string[] {
	return readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
		.filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
		.map((file) => file.replace(/\.ts$/, ""))
		.toSorted();
}

/** The manifest of all parts. */
export const ALL = { path: join(root, "src/manifest.json"), modules: ["app/everything", "app/main"] };
