// `npm run schemas` writes schema/ from the types of src/; `--check` fails when a file there is not what the types say.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createGenerator } from "ts-json-schema-generator";
import { DOCUMENT_TYPES, documentTypeOf } from "../emulator/schemas/documents.js";
import { MESSAGE_TYPES } from "../emulator/schemas/messages.js";
import { exampleOf, readCookbook } from "./cookbook.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Documents of the cookbook, each of which a test executes. */
const EXAMPLES = readCookbook().map(exampleOf);
const check = process.argv.includes("--check");

/** Types and the file that declares each. */
const TYPES: readonly [string, string][] = [
	...MESSAGE_TYPES.map((type): [string, string] => [type, "src/protocol/messages.ts"]),
	...DOCUMENT_TYPES.map(({ type, file }): [string, string] => [type, `src/handlers/${file}.ts`]),
];

const stale: string[] = [];
const wanted = new Set<string>();
for (const file of new Set(TYPES.map(([, file]) => file))) {
	const generator = createGenerator({
		path: `${root}${file}`,
		tsconfig: `${root}host-test/tools/tsconfig.schemas.json`,
		additionalProperties: true, // members that are not known are ignored, as AWS ignores them
		skipTypeCheck: true, // the type check is a step of its own, with another compiler
	});
	for (const [type] of TYPES.filter(([, declaredIn]) => declaredIn === file)) {
		const schema = generator.createSchema(type);
		const examples = EXAMPLES.filter((example) => documentTypeOf(example)?.type === type);
		if (examples.length > 0) Object.assign(schema.definitions?.[type] ?? {}, { examples });
		const text = `${JSON.stringify({ $comment: `Generated from ${file} by npm run schemas.`, ...schema }, null, "\t")}\n`;
		const path = `${root}schema/${type}.json`;
		wanted.add(`${type}.json`);
		if (check) {
			if (!existsSync(path) || readFileSync(path, "utf8") !== text) stale.push(`${type}.json`);
		} else writeFileSync(path, text);
	}
}
for (const file of readdirSync(`${root}schema`)) if (!wanted.has(file)) stale.push(file);
if (check && stale.length > 0) {
	process.stderr.write(`schema/ is not what src/ says: ${stale.join(", ")}. Run: npm run schemas\n`);
	process.exit(1);
}
