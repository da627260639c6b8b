import assert from "node:assert/strict";
import fc from "fast-check";
import "../../ecma419/globals.js";
import { decodeCheckpoint, encodeCheckpoint, Phase } from "../../../src/handlers/ota/checkpoint.js";
import { MAX_CHECKPOINT_BYTES } from "../../../src/protocol/record.js";

/** A format that outlives the firmware: an image reads what the one before it wrote. */
describe("The checkpoint of an update", () => {
	const text = fc.string({ unit: "grapheme", maxLength: 70 }).filter((value) => !value.includes("\0"));
	const checkpoint = fc.record({
		phase: fc.constantFrom(...Object.values(Phase)),
		activations: fc.nat(255),
		count: fc.nat(0xffff_ffff),
		digest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
		text,
	});

	it("keeps what is written, in the room that the record has", () => {
		fc.assert(
			fc.property(checkpoint, (written) => {
				const bytes = encodeCheckpoint(written);
				assert.ok(bytes.byteLength <= MAX_CHECKPOINT_BYTES);
				const read = decodeCheckpoint(bytes);
				assert.ok(read !== undefined);
				const { text: readText, ...rest } = read;
				const { text: writtenText, ...others } = written;
				assert.deepEqual(rest, others);
				if (Buffer.byteLength(writtenText) <= 58) return assert.equal(readText, writtenText);
				// A name that must be whole to be of use is left out; a sentence is cut, and not within a character.
				if (written.phase === Phase.Downloading) return assert.equal(readText, "");
				assert.ok(readText.length > 0 && writtenText.startsWith(readText), readText);
				assert.ok(Buffer.byteLength(readText) > 54);
			}),
			{ numRuns: 1_000 },
		);
	});

	it("has the layout that images in the field have written", () => {
		const digest = Uint8Array.from({ length: 32 }, (_, i) => i);
		const bytes = encodeCheckpoint({ phase: Phase.Activated, activations: 2, count: 600_336, digest, text: "1.0.0" });
		assert.equal(
			Buffer.from(bytes).toString("hex"),
			`0102${"10290900"}${Buffer.from(digest).toString("hex")}${Buffer.from("1.0.0").toString("hex")}`,
		);
	});

	it("is refused when its bytes are none; decoding never throws", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
				const read = decodeCheckpoint(bytes);
				if (read === undefined) return;
				assert.ok(bytes.byteLength >= 38 && (bytes[0] as number) >= 1 && (bytes[0] as number) <= 3);
				assert.equal(typeof read.text, "string");
			}),
			{ numRuns: 1_000 },
		);
		const broken = Uint8Array.from([Phase.SelfTestFailed, 1, ...new Uint8Array(36), 0xc3, 0x28]);
		assert.equal(decodeCheckpoint(broken)?.text, "unknown");
	});
});
