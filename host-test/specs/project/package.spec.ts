import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Of the clone alone, where XS is built. */
const NEEDS_COMPILER = new Set(["host-test/xs/image.ts"]);
/** What is asked for by name where it is missing: see `cluster.ts`. */
const OPTIONAL = /^(mqemitter-redis|aedes-persistence-redis)$/;
/** Read, and not loaded. */
const DATA = [
	"schema/OtaDocument.json",
	"host-test/policies/device.json",
	"host-test/cli/page/page.js",
	"manifest.json",
];

/** Specifiers of what a file loads at run time, at once or when it is called for. */
function loadedBy(file: string): string[] {
	const text = readFileSync(file, "utf8");
	const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
	const atOnce = source.statements
		.filter((one) => ts.isImportDeclaration(one) || ts.isExportDeclaration(one))
		.filter((one) => one.moduleSpecifier !== undefined && !isTypeOnly(one))
		.map((one) => (one.moduleSpecifier as ts.StringLiteral).text);
	const later = [...text.matchAll(/import\("([^"]+)"/g)].map((match) => match[1] as string);
	return [...atOnce, ...later].filter((specifier) => !OPTIONAL.test(specifier));
}

function isTypeOnly(one: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
	return ts.isExportDeclaration(one) ? one.isTypeOnly : one.importClause?.isTypeOnly === true;
}

const AGENT = "iot-jobs/";

/** Plain JavaScript where it is that, else the TypeScript that is imported under its name. */
function fileOf(from: string, specifier: string): string {
	if (specifier.startsWith(AGENT)) return join(root, "src", `${specifier.slice(AGENT.length)}.ts`);
	const named = resolve(dirname(from), specifier);
	return existsSync(named) ? named : named.replace(/\.js$/, ".ts");
}

const packageOf = (specifier: string) => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");

/** The files that are reached from one, and the libraries, by the file that wants each. */
function reach(start: string): { files: string[]; libraries: [file: string, name: string][] } {
	const files = new Set<string>();
	const libraries: [string, string][] = [];
	const visit = (file: string) => {
		const name = relative(root, file);
		if (files.has(name) || NEEDS_COMPILER.has(name)) return;
		files.add(name);
		const loaded = loadedBy(file);
		for (const specifier of loaded.filter((one) => one.startsWith(".") || one.startsWith(AGENT)))
			visit(fileOf(file, specifier));
		// What is the platform's there, `ecma419/` brings.
		const foreign = /^(src|examples)\//.test(name) ? [] : loaded.filter((one) => !/^(\.|node:)/.test(one));
		libraries.push(...foreign.map((specifier): [string, string] => [name, packageOf(specifier)]));
	};
	visit(start);
	return { files: [...files], libraries };
}

describe("The package, as npm would pack it", function () {
	this.timeout(30_000);

	it("has every file that the command reaches, and names every library", () => {
		const { stdout } = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root });
		const [{ files: list }] = JSON.parse(stdout.toString()) as [{ files: { path: string }[] }];
		const packed = new Set(list.map(({ path }) => path));
		const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
		const { files, libraries } = reach(join(root, "host-test/cli/iot-jobs.js"));
		assert.ok(files.length > 100 && libraries.length > 10, `${files.length} files, ${libraries.length} libraries`);
		assert.deepEqual(
			[...files, ...DATA].filter((path) => !packed.has(path)),
			[],
		);
		assert.deepEqual(
			libraries.filter(([, name]) => !(name in dependencies)),
			[],
		);
		assert.ok(![...packed].some((path) => path.includes("node_modules") || path.includes("/build/")));
	});
});
