import assert from "node:assert/strict";
import fc from "fast-check";
import "../../ecma419/globals.js";
import { toBytes } from "../../../src/protocol/answers.js";
import { isTooDeep, MAX_DEPTH } from "../../../src/protocol/members.js";

function depthOf(value: unknown): number {
	if (typeof value !== "object" || value === null) return 0;
	return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** Bytes that a count of brackets may stumble over. */
const noise = fc.string({ unit: fc.constantFrom(..."[]{}\"\\ ,:1u'/*\n\u0000") });

describe("The depth of a message", () => {
	it("is that of what JSON.parse makes of it, whatever its strings hold", () => {
		const deep = fc
			.tuple(fc.jsonValue({ stringUnit: "binary" }), noise, fc.nat(2 * MAX_DEPTH))
			.map(([value, text, levels]) => {
				let nested: unknown = [value, { [text]: text }];
				for (let i = 0; i < levels; i += 1) nested = i % 2 === 0 ? [text, nested] : { [text]: nested };
				return nested;
			});
		fc.assert(
			fc.property(deep, fc.nat(2), (value, indent) => {
				assert.equal(isTooDeep(toBytes(JSON.stringify(value, null, indent))), depthOf(value) > MAX_DEPTH);
			}),
			{ numRuns: 1_000 },
		);
	});

	it("is told of brackets that nobody closes, whatever follows them", () => {
		fc.assert(
			fc.property(noise, fc.constantFrom("[", '{"a":'), (text, open) => {
				for (const levels of [MAX_DEPTH, MAX_DEPTH + 1]) {
					assert.ok(isTooDeep(toBytes(open.repeat(levels) + text)) || levels === MAX_DEPTH);
				}
			}),
		);
	});
});
