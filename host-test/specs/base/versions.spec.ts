import assert from "node:assert/strict";
import fc from "fast-check";
import { isLower } from "../../../src/base/versions.js";

describe("Versions", () => {
	it("are compared number by number, and only where there are numbers", () => {
		for (const [a, b, lower] of [
			["1.2.3", "1.2.4", true],
			["1.2.3", "1.2.3", false],
			["1.10.0", "1.9.9", false],
			["1.9.9", "1.10.0", true],
			["1.2", "1.2.1", true],
			["1.2.0", "1.2", false],
			["v1.0", "2", true],
			["1.0.0-rc1", "1.0.0", false],
			["unknown", "1.0.0", false],
			["1.0.0", "unknown", false],
			["", "1", false],
		] as const) {
			assert.equal(isLower(a, b), lower, `${a} < ${b}`);
		}
	});

	it("are in order: of two, one is lower or neither is, never both", () => {
		const version = fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }).map((numbers) => numbers.join("."));
		fc.assert(fc.property(version, version, (a, b) => assert.ok(!(isLower(a, b) && isLower(b, a)))));
	});
});
