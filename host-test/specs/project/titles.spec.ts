import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { MAX_TITLE } from "../kit/printed-titles.js";

const host = fileURLToPath(new URL("../../", import.meta.url));

interface Title {
	readonly file: string;
	readonly text: string;
}

function specsUnder(directory: string): string[] {
	return readdirSync(directory, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.parentPath.includes("node_modules"))
		.map((entry) => join(entry.parentPath, entry.name));
}

/** What describe and it are given in a file: the literal text, without what a template puts in. */
function titlesIn(file: string): Title[] {
	const titles: Title[] = [];
	const visit = (node: ts.Node): void => {
		if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && /^(describe|it)$/.test(node.expression.text)) {
			titles.push({ file: relative(host, file), text: literalOf(node.arguments[0]) });
		}
		ts.forEachChild(node, visit);
	};
	visit(ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ESNext, true));
	return titles;
}

function literalOf(title: ts.Node | undefined): string {
	if (title === undefined) return "";
	if (ts.isStringLiteralLike(title)) return title.text;
	if (!ts.isTemplateExpression(title)) return "";
	return title.head.text + title.templateSpans.map(({ literal }) => literal.text).join("");
}

describe("A title", () => {
	const titles = ["specs", "conformance"].flatMap((folder) => specsUnder(join(host, folder))).flatMap(titlesIn);

	it(`has at most ${MAX_TITLE} characters, wherever it stands in the files`, () => {
		assert.ok(titles.length > 500, `${titles.length} titles`);
		assert.deepEqual(
			titles.filter(({ text }) => text.length > MAX_TITLE),
			[],
		);
	});
});
