import assert from "node:assert/strict";
import fc from "fast-check";
import { acceptableDetails } from "../../../src/protocol/status-details.js";
import { invalid } from "../../emulator/schemas/messages.js";

describe("Status details", () => {
	it("are always valid for the service, whatever a handler writes", () => {
		fc.assert(
			fc.property(fc.dictionary(fc.string(), fc.string({ unit: "binary", maxLength: 1_100 })), (details) => {
				const acceptable = acceptableDetails(details);
				assert.equal(invalid("UpdateJobExecutionRequest", { status: "FAILED", statusDetails: acceptable }), undefined);
				for (const [name, value] of Object.entries(acceptable)) {
					assert.match(name, /^[a-zA-Z0-9:_-]{1,128}$/);
					assert.doesNotMatch(value, /\p{C}/u);
				}
			}),
		);
	});

	it("hold no character of Unicode's category Other, tried with each there is", () => {
		for (let code = 0; code <= 0x10_ffff; code += 1) {
			const { value } = acceptableDetails({ value: String.fromCodePoint(code) }) as { value: string };
			assert.doesNotMatch(value, /\p{C}/u, code.toString(16));
		}
	});

	it("keep what is valid as it is", () => {
		const details = { reason: "digestMismatch", "a:b-C_9": "Grüße, 世界", percent: "40" };
		assert.deepEqual(acceptableDetails(details), details);
	});
});
