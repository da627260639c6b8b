// `npm run build`, and before `npm pack`: what npm's package runs without a loader. `dist/` has the JavaScript of the command and of
// the import, the declarations of the import, and the modules of an XS image.
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";
import { standIn } from "../ecma419/resolve.js";
import { packageRoot as root } from "../package-root.js";
import { makeXsImage } from "../xs/image.js";
import { compiledModules } from "../xs/sources.js";

const dist = join(root, "dist");
/** Run as programs of their own, and imported by nobody. */
const PROGRAMS = ["host-test/emulator/store/check-store.js"];

/** The names of the SDK's modules, and of the agent's, as what stands for them: Node.js resolves them by itself then. */
function plainNames(context: ts.TransformationContext): ts.Transformer<ts.SourceFile> {
	return (source) => {
		const visit = (node: ts.Node): ts.Node => {
			if (ts.isStringLiteral(node) && isSpecifier(node)) return nameFor(node, source.fileName);
			return ts.visitEachChild(node, visit, context);
		};
		return ts.visitNode(source, visit) as ts.SourceFile;
	};
}

function isSpecifier({ parent }: ts.Node): boolean {
	if (parent === undefined) return false;
	const isImport = ts.isCallExpression(parent) && parent.expression.kind === ts.SyntaxKind.ImportKeyword;
	return ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent) || isImport;
}

function nameFor(name: ts.StringLiteral, file: string): ts.StringLiteral {
	const target = standIn(name.text, pathToFileURL(file).href);
	if (target === undefined) return name;
	const path = relative(dirname(file), fileURLToPath(target)).replace(/\.ts$/, ".js");
	return ts.factory.createStringLiteral(path.startsWith(".") ? path : `./${path}`);
}

/** @returns the files that were compiled, by their paths; declarations as well */
function compile(): Map<string, string> {
	const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail };
	const config = ts.getParsedCommandLineOfConfigFile(join(root, "host-test/tsconfig.build.json"), {}, host);
	if (config === undefined) throw new Error("no tsconfig.build.json");
	const program = ts.createProgram(config.fileNames, config.options);
	const files = new Map<string, string>();
	const { diagnostics } = program.emit(undefined, (path, text) => files.set(path, text), undefined, false, {
		before: [plainNames],
	});
	for (const diagnostic of [...ts.getPreEmitDiagnostics(program), ...diagnostics]) fail(diagnostic);
	return files;
}

function fail(diagnostic: ts.Diagnostic): never {
	const host = {
		getCanonicalFileName: (name: string) => name,
		getCurrentDirectory: () => root,
		getNewLine: () => "\n",
	};
	throw new Error(ts.formatDiagnostic(diagnostic, host));
}

/** The declarations that a consumer of the import needs, and no others. */
function publicTypes(files: ReadonlyMap<string, string>): Set<string> {
	const found = new Set<string>();
	const visit = (path: string): void => {
		if (found.has(path)) return;
		found.add(path);
		for (const { fileName } of ts.preProcessFile(files.get(path) ?? "").importedFiles)
			if (fileName.startsWith(".")) visit(resolve(dirname(path), fileName.replace(/\.js$/, ".d.ts")));
	};
	visit(join(dist, "host-test/index.d.ts"));
	return found;
}

const files = compile();
rmSync(dist, { recursive: true, force: true });
const types = publicTypes(files);
for (const [path, text] of files) {
	if (path.endsWith(".d.ts") && !types.has(path)) continue;
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, text);
}
for (const program of PROGRAMS) cpSync(join(root, program), join(dist, program));
makeXsImage({ directory: compiledModules, main: join(root, "examples/https/main.ts") });
rmSync(join(compiledModules, "boot.js"));
if (!existsSync(join(dist, "host-test/cli/main.js"))) throw new Error("the command was not compiled");
