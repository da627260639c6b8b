// `npm run manifest` writes `modules` and `preload` of each manifest of src/, from the imports; `--check` fails when one is other.
// mcconfig's patterns see no TypeScript in `preload` (mcconfig.js, filterPreload), so that each module has to be named.
import { readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { ALL, ENTRIES, modulesOf, pathOf } from "./parts.js";

const isCheck = process.argv.includes("--check");

function write(path: string, modules: readonly string[], source: string): void {
	const text = readFileSync(path, "utf8");
	const named = Object.fromEntries(modules.map((module) => [`iot-jobs/${module}`, `${source}/${module}`]));
	const manifest = { ...JSON.parse(text), modules: named, preload: Object.keys(named) };
	const wanted = JSON.stringify(manifest);
	if (wanted === JSON.stringify(JSON.parse(text))) return;
	if (isCheck) {
		process.stderr.write(`${relative(".", path)} does not bring just what its part needs. Run: npm run manifest\n`);
		process.exitCode = 1;
	} else writeFileSync(path, `${JSON.stringify(manifest, null, "\t")}\n`);
}

for (const part of Object.keys(ENTRIES)) write(pathOf(part), modulesOf(part), "..");
write(ALL.path, ALL.modules, ".");
