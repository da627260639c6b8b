import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const root = fileURLToPath(new URL("../../../", import.meta.url));

/** What a file imports, types included: a path from the project's root for a file of the project, else the specifier as it stands. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/** The TypeScript files under a folder of the project, by their paths from its root; declarations of the platform left out. */
export function sourcesUnder(folder: string): string[] {
	return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
		.filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts"))
		.map((entry) => relative(root, join(entry.parentPath, entry.name)))
		.filter((file) => !file.includes("node_modules"))
		.sort();
}

export const read = (file: string): string => readFileSync(join(root, file), "utf8");

/** Every specifier of a file, as it stands: of imports, exports, `import()` and types. */
export function specifiersOf(text: string): string[] {
	return ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
}

/** `iot-jobs/x` is what the manifests call `src/x.ts`. */
function target(file: string, specifier: string): string {
	if (specifier.startsWith("iot-jobs/")) return `src/${specifier.slice("iot-jobs/".length)}.ts`;
	if (!specifier.startsWith(".")) return specifier;
	const named = resolve(root, dirname(file), specifier);
	return relative(root, existsSync(named) ? named : named.replace(/\.js$/, ".ts"));
}

export function importsOf(files: readonly string[]): Imports {
	return new Map(files.map((file) => [file, specifiersOf(read(file)).map((one) => target(file, one))]));
}

/** Files that reach themselves, each circle as a line: `a.ts -> b.ts -> a.ts`. */
export function circles(imports: Imports): string[] {
	const found = new Map<string, string>();
	const done = new Set<string>();
	const visit = (file: string, path: readonly string[]): void => {
		const at = path.indexOf(file);
		if (at >= 0) {
			const circle = path.slice(at);
			found.set(circle.toSorted().join(), [...circle, file].join(" -> "));
			return;
		}
		if (done.has(file)) return;
		for (const next of imports.get(file) ?? []) if (imports.has(next)) visit(next, [...path, file]);
		done.add(file);
	};
	for (const file of imports.keys()) visit(file, []);
	return [...found.values()];
}
