import assert from "node:assert/strict";
import { runCalls } from "../kit/calls.js";
import { engines } from "../kit/engines.js";
import { Lab } from "../kit/lab.js";

/** Resource.c of the SDK: a host buffer. XS makes views of one (xsDataView.c), though it is no ArrayBuffer. */
const EXPECTED: Readonly<Record<string, string>> = {
	"no such resource": "URIError: Resource not found: none.der",
	exists: "[true,false]",
	"an ArrayBuffer": "false",
	"a Resource": "true",
	"all of it is in view": "true",
	"a view's buffer": "true",
	"a view of a part": "bytes 48 130",
	"a slice of a view": "bytes 48 130",
	"a slice": "bytes 48 130",
};

for (const engine of engines)
	describe(`The host's Resource, in ${engine}`, () => {
		it("is a host buffer, as the SDK's", async () => {
			const lab = new Lab();
			try {
				assert.deepEqual((await runCalls(lab, engine, "main-resource")).results, EXPECTED);
			} finally {
				await lab.clear();
			}
		});
	});
