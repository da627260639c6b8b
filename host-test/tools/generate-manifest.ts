// `npm run manifest` names every module of src/ in the preload of src/manifest.json; `--check` fails when one is missing or gone.
// mcconfig's patterns see no TypeScript there (mcconfig.js, filterPreload), so that each has to be named.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const src = fileURLToPath(new URL("../../src/", import.meta.url));
const path = `${src}manifest.json`;
const text = readFileSync(path, "utf8");
const { modules } = JSON.parse(text) as { modules: Record<string, string> };

/** `"iot-jobs/base/*": "./base/*"` stands for each module of that folder. */
function namesOf([name, source]: [string, string]): string[] {
	if (!name.endsWith("/*")) return [name];
	return readdirSync(`${src}${source.slice(0, -1)}`)
		.filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
		.sort()
		.map((file) => name.slice(0, -1) + file.slice(0, -".ts".length));
}

const names = Object.entries(modules).flatMap(namesOf);
const lines = names.map((name) => `\t\t${JSON.stringify(name)}`).join(",\n");
const wanted = text.replace(/"preload": \[[^\]]*\]/, `"preload": [\n${lines}\n\t]`);
if (!process.argv.includes("--check")) writeFileSync(path, wanted);
else if (wanted !== text) {
	process.stderr.write("src/manifest.json does not preload just the modules of src/. Run: npm run manifest\n");
	process.exitCode = 1;
}
