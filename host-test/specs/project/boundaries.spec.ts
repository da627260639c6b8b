import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const src = join(root, "src");

/** The platform's modules that src/ may import, besides its own files. */
const PLATFORM = /^(embedded:[a-z0-9/-]+|mc\/(config|ffi)|timer|time|crypt|net|sntp|wifi|Resource)$/;

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

/** One line for each thing that is wrong. */
type Check = (name: string, file: string, source: ts.SourceFile) => string[];

function violations(files: readonly string[], check: Check): string[] {
	return files.flatMap((file) => check(relative(root, file), file, parse(file)));
}

describe("The boundaries", () => {
	const agent = filesUnder(src).filter((file) => !file.endsWith(".d.ts"));
	// The bench's programs are no harness: they are what runs in XS.
	const harness = filesUnder(join(root, "host-test"))
		.filter((file) => !file.includes(join("host-test", "specs")))
		.filter((file) => !/xs-main-[a-z]+\.ts$/.test(file));

	it("the lists of files that are checked are not empty", () => assert.ok(agent.length > 20 && harness.length > 30));

	it("src/ imports only src/ and the platform", () => {
		const check: Check = (name, file, source) =>
			importsOf(source)
				.filter((specifier) => {
					if (PLATFORM.test(specifier)) return false;
					const target = resolve(dirname(file), specifier.replace(/\.js$/, ".ts"));
					return !/^\.\.?\/.*\.js$/.test(specifier) || !agent.includes(target);
				})
				.map((specifier) => `${name}: ${specifier}`);
		assert.deepEqual(violations(agent, check), []);
	});

	it("src/ keeps no state at the top level of a module: it can be preloaded", () => {
		const check: Check = (name, _file, source) =>
			source.statements
				.filter((statement) => ts.isVariableStatement(statement))
				.filter((statement) => !(statement.declarationList.flags & ts.NodeFlags.Const))
				.map((statement) => `${name}: ${statement.getText()}`);
		assert.deepEqual(violations(agent, check), []);
	});

	it("src/ makes no promise: one that is rejected and not handled ends the machine", () => {
		const check: Check = (name, _file, { text }) => {
			const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
			return /\basync\b|\bawait\b|\bPromise\b/.test(code) ? [name] : [];
		};
		assert.deepEqual(violations(agent, check), []);
	});

	it("host-test/ imports from src/ only the agent's start and the wire's types", () => {
		const contracts = /^src\/(app\/main|protocol\/messages|handlers\/ota\/document)\.ts$/;
		const check: Check = (name, file, source) =>
			importsOf(source)
				.filter((specifier) => specifier.startsWith("."))
				.map((specifier) => relative(root, resolve(dirname(file), specifier)).replace(/\.js$/, ".ts"))
				.filter((target) => target.startsWith("src/") && !contracts.test(target))
				.map((target) => `${name}: ${target}`);
		assert.deepEqual(violations(harness, check), []);
	});

	it("every form of import is noticed, and a Node.js module is no platform's", () => {
		const source = ts.createSourceFile(
			"x.ts",
			'import fs from "node:fs"; export * from "x"; import("y");',
			ts.ScriptTarget.ESNext,
			true,
		);
		assert.deepEqual(importsOf(source), ["node:fs", "x", "import()"]);
		assert.ok(!PLATFORM.test("node:fs") && PLATFORM.test("embedded:io/socket/tcp/tls"));
	});
});
