import assert from "node:assert/strict";
import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { crc32, fromBase64 } from "../../../src/base/bytes.js";

describe("Base64", () => {
	it("is read as Node.js writes it, within a limit", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
				const text = Buffer.from(bytes).toString("base64");
				assert.deepEqual(fromBase64(text, 100), bytes);
				if (bytes.byteLength > 0) assert.equal(fromBase64(text, bytes.byteLength - 1), undefined);
			}),
		);
		for (const wrong of ["a", "ab=c", "a===", "é===", "ab_-", 5, undefined])
			assert.equal(fromBase64(wrong, 100), undefined);
	});
});

describe("CRC-32", () => {
	it("is zlib's", () => {
		if (zlibCrc32 === undefined) {
			// Node.js 20.15 has it, and package.json asks for more.
			throw new Error("this Node.js has no zlib.crc32");
		}
		fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.equal(crc32(bytes, bytes.length), zlibCrc32(bytes))));
	});
});
