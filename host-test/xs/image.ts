import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { packageRoot as root } from "../package-root.js";
import { writeBoot } from "./sources.js";

export interface XsImageOptions {
	/** Where the image goes; what is there is deleted. */
	readonly directory: string;
	/** The module whose default export is the program. Default: src/app/main.ts. */
	readonly main?: string;
	/** Whether modules freeze what they declare. Without it the byte code has the size that it has on the chip. Default: true. */
	readonly freeze?: boolean;
}

/**
 * Compiles the agent's sources and the bridge's platform modules, file by file, as `mcconfig` has them compiled: by tsc,
 * for es2025. Each module of `src/` ends by freezing what it declares, as preloading does on the chip. A module with state at its
 * top level cannot be preloaded, and is refused.
 *
 * @throws when a module of `src/` declares a variable at its top level
 */
export function makeXsImage({ directory, main = join(root, "src/app/main.ts"), freeze = true }: XsImageOptions): void {
	rmSync(directory, { recursive: true, force: true });
	for (const file of sources("src")) compile(directory, file, freeze);
	for (const file of sources("host-test/xs/platform")) {
		const name = relative(join(root, "host-test/xs/platform"), file);
		write(join(directory, "platform", name.replace(/\.ts$/, ".js")), transpile(readFileSync(file, "utf8"), file));
	}
	compileOutside(directory, main, new Set());
	writeBoot(directory, relative(root, main));
}

/** A main module outside of `src/`, and the application's own modules that it imports. */
function compileOutside(directory: string, file: string, done: Set<string>): void {
	if (relative(root, file).startsWith("src/") || done.has(file)) return;
	done.add(file);
	compile(directory, file, false);
	for (const { fileName } of ts.preProcessFile(readFileSync(file, "utf8")).importedFiles) {
		if (fileName.startsWith("."))
			compileOutside(directory, join(dirname(file), fileName.replace(/\.js$/, ".ts")), done);
	}
}

function compile(directory: string, file: string, freeze: boolean): void {
	const source = readFileSync(file, "utf8");
	const frozen = freeze ? freezing(file, source) : "";
	write(join(directory, relative(root, file).replace(/\.ts$/, ".js")), transpile(source, file) + frozen);
}

/** Statements that freeze, deeply, what a module declares at its top level. */
function freezing(file: string, text: string): string {
	const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
	return source.statements
		.flatMap((statement) => declaredNames(statement, file))
		.map((name) => `Object.freeze(${name}, true);\n`)
		.join("");
}

function declaredNames(statement: ts.Statement, file: string): string[] {
	if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) {
		return statement.name ? [statement.name.text] : [];
	}
	if (!ts.isVariableStatement(statement)) return [];
	if (!(statement.declarationList.flags & ts.NodeFlags.Const)) {
		throw new Error(`${relative(root, file)}: state at the top level: ${statement.getText()}`);
	}
	return statement.declarationList.declarations.flatMap(({ name }) => boundNames(name));
}

function boundNames(name: ts.BindingName): string[] {
	if (ts.isIdentifier(name)) return [name.text];
	return name.elements.flatMap((element) => (ts.isBindingElement(element) ? boundNames(element.name) : []));
}

function transpile(source: string, file: string): string {
	const { outputText } = ts.transpileModule(source, {
		fileName: file,
		compilerOptions: {
			target: ts.ScriptTarget.ES2025,
			module: ts.ModuleKind.ESNext,
			verbatimModuleSyntax: true,
			removeComments: true,
		},
	});
	return outputText;
}

function sources(folder: string): string[] {
	return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
		.filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts"))
		.map((entry) => join(entry.parentPath, entry.name));
}

function write(path: string, text: string): void {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, text);
}
