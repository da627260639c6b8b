// `npm run docs` writes the pages of docs/ that the code knows best; `--check` fails when one is not what the code says.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { apiPage } from "./api-page.js";
import { cliPage } from "./cli-page.js";
import { referencePage } from "./reference-page.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const pages = { "docs/api.md": apiPage(), "docs/reference.md": referencePage(), "docs/cli.md": await cliPage() };

for (const [path, page] of Object.entries(pages)) {
	const target = `${root}${path}`;
	if (!process.argv.includes("--check")) writeFileSync(target, page);
	else if (!existsSync(target) || readFileSync(target, "utf8") !== page) {
		process.stderr.write(`${path} is not what the code says. Run: npm run docs\n`);
		process.exitCode = 1;
	}
}
