import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { OPEN_POINTS } from "../../emulator/base/open-points.js";

const root = fileURLToPath(new URL("../../emulator/", import.meta.url));

/** Names behind `Open point:` in comments, which may go over the end of a line. */
function named(): string[] {
	return (readdirSync(root, { recursive: true }) as string[])
		.filter((file) => file.endsWith(".ts") && !file.endsWith("open-points.ts"))
		.flatMap((file) => {
			const text = readFileSync(join(root, file), "utf8").replace(/\s*\n\s*(\*(?!\/)|\/\/)\s*/g, " ");
			return [...text.matchAll(/Open point:\s+([^.]+)\./g)].map(([, name = ""]) => name);
		});
}

describe("What nobody can know without the live service", () => {
	it("has a name, at the one place where the code decides", () => {
		assert.deepEqual(named().sort(), Object.keys(OPEN_POINTS).sort());
	});

	it("is told by no comment without a name", () => {
		for (const file of readdirSync(root, { recursive: true }) as string[]) {
			if (!file.endsWith(".ts")) continue;
			assert.doesNotMatch(readFileSync(join(root, file), "utf8"), /AWS does not say (wh|what)/, file);
		}
	});
});
