import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { documentTypeOf, problemsOfDocument } from "../emulator/schemas/documents.js";
import { readFileOf } from "./read-file.js";

/** `iot-jobs validate`: prints a line for each problem, with file, line and column. 0 when there is none. */
export async function validate(files: readonly string[]): Promise<number> {
	let wrong = 0;
	for (const file of files) {
		const text = readFileOf("validate", file).toString();
		const problems = problemsOf(text);
		for (const { offset, message } of problems) process.stdout.write(`${file}:${placeOf(text, offset)}: ${message}\n`);
		if (problems.length === 0) process.stdout.write(`${file}: good, ${documentTypeOf(JSON.parse(text))?.operation}\n`);
		wrong += problems.length;
	}
	return wrong === 0 ? 0 : 1;
}

interface Problem {
	readonly offset: number;
	readonly message: string;
}

function problemsOf(text: string): Problem[] {
	const errors: ParseError[] = [];
	// Devices parse plain JSON: no comments, no trailing commas.
	const tree = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
	if (errors.length > 0 || tree === undefined) {
		return errors.map(({ offset, error }) => ({ offset, message: `not JSON: ${printParseErrorCode(error)}` }));
	}
	const document: unknown = JSON.parse(text);
	return problemsOfDocument(document).map(({ path, message }) => ({ offset: offsetOf(tree, path), message }));
}

/** The offset of the member at a path, or, where it is missing, of the value that should contain it. */
function offsetOf(tree: Node, path: readonly (string | number)[]): number {
	for (let length = path.length; length >= 0; length -= 1) {
		const node = findNodeAtLocation(tree, path.slice(0, length));
		if (node !== undefined) return node.parent?.type === "property" ? node.parent.offset : node.offset;
	}
	return tree.offset;
}

/** Line and column, from 1. */
function placeOf(text: string, offset: number): string {
	const before = text.slice(0, offset).split("\n");
	return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}
