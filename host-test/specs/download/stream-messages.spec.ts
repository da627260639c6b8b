import assert from "node:assert/strict";
import { decode, encode } from "cborg";
import fc from "fast-check";
import { decodeBlock, decodeRejection, encodeBlockRequest } from "../../../src/download/stream-messages.js";

describe("The messages of a file stream", () => {
	it("a request is CBOR that another library reads", () => {
		fc.assert(
			fc.property(
				fc.record({
					fileId: fc.nat(255),
					blockBytes: fc.integer({ min: 256, max: 131_072 }),
					first: fc.nat(98_304),
					count: fc.integer({ min: 1, max: 98_304 }),
					bitmap: fc.option(fc.uint8Array({ minLength: 1, maxLength: 300 }), { nil: undefined }),
				}),
				(request) => {
					if (request.bitmap !== undefined && request.bitmap.byteLength > 255) return;
					const { fileId: f, blockBytes: l, first: o, count: n, bitmap: b } = request;
					const decoded = decode(encodeBlockRequest(request));
					assert.deepEqual(decoded, { f, l, o, n, ...(b !== undefined && { b }) });
				},
			),
		);
	});

	it("a block is read whatever else its map holds, in both forms of length", () => {
		const other = fc.oneof(
			fc.string(),
			fc.integer(),
			fc.double(),
			fc.boolean(),
			fc.constant(null),
			fc.uint8Array(),
			fc.array(fc.integer()),
			fc.dictionary(fc.string(), fc.array(fc.string())),
		);
		fc.assert(
			fc.property(fc.nat(255), fc.nat(98_304), fc.uint8Array(), fc.dictionary(fc.string(), other), (f, i, p, more) => {
				const map = { ...more, f, i, p };
				const definite = Uint8Array.from(encode(map));
				assert.deepEqual(decodeBlock(definite), { fileId: f, index: i, payload: p });
				const head = definite.byteLength > 0 && (definite[0] as number) < 0xb8 ? 1 : 2;
				const indefinite = Uint8Array.from([0xbf, ...definite.subarray(head), 0xff]);
				assert.deepEqual(decodeBlock(indefinite), { fileId: f, index: i, payload: p });
				for (const cut of [1, 2, 5]) assert.equal(decodeBlock(definite.subarray(0, -cut)), undefined);
			}),
		);
	});

	it("no bytes make the decoders throw", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
				decodeBlock(bytes);
				decodeRejection(bytes);
			}),
			{ numRuns: 20_000 },
		);
		decodeBlock(new Uint8Array(3_000).fill(0x81)); // lists in lists
		decodeBlock(new Uint8Array(3_000).fill(0xbf));
		assert.deepEqual(decodeRejection(new Uint8Array(0)), { code: "unreadable", message: "" });
	});
});
