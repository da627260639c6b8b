import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../../", import.meta.url));
const src = join(root, "src");

/** The platform's modules that src/ may import, besides its own files. */
const PLATFORM = /^(embedded:[a-z0-9/-]+|mc\/(config|ffi)|timer|time|crypt|Resource)$/;

function filesUnder(directory: string): string[] {
	return readdirSync(directory, { withFileTypes: true, recursive: true })
		.filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
		.map((entry) => join(entry.parentPath, entry.name));
}

function parse(file: string): ts.SourceFile {
	return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ESNext, true);
}

function importsOf(source: ts.SourceFile): string[] {
	const found: string[] = [];
	const visit = (node: ts.Node): void => {
		if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
			found.push((node.moduleSpecifier as ts.StringLiteral).text);
		}
		if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) found.push("import()");
		ts.forEachChild(node, visit);
	};
	visit(source);
	return found;
}

describe("The boundaries of src/", () => {
	const files = filesUnder(src).filter((file) => !file.endsWith(".d.ts"));

	it("has files to look at", () => assert.ok(files.length > 20));

	for (const file of files) {
		const name = relative(root, file);
		it(`${name} imports only src/ and the platform`, () => {
			for (const specifier of importsOf(parse(file))) {
				if (PLATFORM.test(specifier)) continue;
				assert.match(specifier, /^\.\.?\/.*\.js$/, `${name}: ${specifier}`);
				const target = resolve(dirname(file), specifier.replace(/\.js$/, ".ts"));
				assert.ok(files.includes(target), `${name}: ${specifier} lies outside src/ or does not exist`);
			}
		});

		it(`${name} keeps no state at its top level, and waits for nothing`, () => {
			const source = parse(file);
			for (const statement of source.statements) {
				if (!ts.isVariableStatement(statement)) continue;
				assert.ok(statement.declarationList.flags & ts.NodeFlags.Const, `${name}: ${statement.getText().slice(0, 60)}`);
			}
			// A rejected promise that nobody handles ends the machine; callbacks are what the platform gives.
			const text = source.text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
			assert.doesNotMatch(text, /\basync\b|\bawait\b|\bPromise\b/, name);
		});
	}
});

describe("The boundaries of host-test/", () => {
	/** What the harness may know of the agent: how it is started, the wire's types, and the contracts that are tested. */
	const CONTRACTS = /^src\/(main|agent\/messages|handlers\/ota-document)\.ts$/;

	for (const file of filesUnder(join(root, "host-test")).filter(
		(file) => !file.includes(`${join("host-test", "specs")}`),
	)) {
		const name = relative(root, file);
		it(`${name} does not reach into the agent`, () => {
			for (const specifier of importsOf(parse(file))) {
				if (!specifier.startsWith(".")) continue;
				const target = relative(root, resolve(dirname(file), specifier)).replace(/\.js$/, ".ts");
				if (target.startsWith("src/")) assert.match(target, CONTRACTS, `${name}: ${specifier}`);
			}
		});
	}
});
