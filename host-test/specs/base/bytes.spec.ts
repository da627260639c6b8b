import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import "../../ecma419/globals.js";
import { crc32, fromBase64, fromHex } from "../../../src/base/bytes.js";
import { xsProgram } from "../../xs/xs-app.js";
import { engines, xsApp } from "../kit/engines.js";
import { Lab } from "../kit/lab.js";
import { answers, BASE64, HEX } from "../kit/xs-main-language.js";

describe("Base64", () => {
	it("is read as Node.js writes it, within a limit", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
				const text = Buffer.from(bytes).toString("base64");
				assert.deepEqual(fromBase64(text, 100), bytes);
				if (bytes.byteLength > 0) assert.equal(fromBase64(text, bytes.byteLength - 1), undefined);
			}),
		);
		for (const wrong of [5, undefined, null, {}, ["QQ=="]]) assert.equal(fromBase64(wrong, 100), undefined);
	});
});

describe("Hexadecimal text", () => {
	it("is read as Node.js writes it, within a limit", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
				const text = Buffer.from(bytes).toString("hex");
				assert.equal(bytes.toHex(), text);
				assert.deepEqual(fromHex(text, 100), bytes);
				if (bytes.byteLength > 0) assert.equal(fromHex(text, bytes.byteLength - 1), undefined);
			}),
		);
		for (const wrong of [5, undefined, null, {}, ["00"]]) assert.equal(fromHex(wrong, 100), undefined);
	});
});

/** What is beside the point: white space, a part of a group, bits that mean nothing. */
const READ = { "": "", "00": "00", fF09: "ff09" } as const;
const DECODED = {
	"": "",
	"QQ==": "41",
	"QUI=": "4142",
	QUJD: "414243",
	"QUJDREU=": "4142434445",
	"+/+/": "fbffbf",
} as const;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

for (const engine of engines) {
	describe(`What the chip's XS and the SDK bring, in ${engine}`, () => {
		const lab = new Lab();
		after(() => lab.clear());
		let found: ReturnType<typeof answers>;

		before(async function () {
			this.timeout(20_000);
			if (engine === "node") {
				found = answers(HEX, BASE64);
				return;
			}
			const app = await xsApp(fileURLToPath(new URL("../kit/xs-main-language.ts", import.meta.url)));
			const device = await lab.device(await lab.emulator(), { program: () => xsProgram(app) });
			device.powerOn();
			found = JSON.parse(await device.said(/^\{/));
		});

		for (const [what, texts, good] of [
			["hex", HEX, READ],
			["base64", BASE64, DECODED],
		] as readonly [string, readonly string[], Readonly<Record<string, string>>][]) {
			it(`${what}: whole and exact, or refused`, () => {
				const wanted = texts.map((text) => (good[text] === undefined ? [text, null] : [text, good[text]]));
				assert.deepEqual(JSON.parse(JSON.stringify(found[what])), wanted);
			});
		}

		it("a digest tells its value and goes on", () =>
			assert.deepEqual(found.digests, [sha256("a"), sha256("abc"), sha256("abc")]));

		it("signatures of both kinds verify, and no others", () =>
			assert.deepEqual(found.signatures, [true, false, false, true, false]));
	});
}

describe("CRC-32", () => {
	it("is zlib's", () => {
		if (zlibCrc32 === undefined) {
			// Node.js 20.15 has it, and package.json asks for more.
			throw new Error("this Node.js has no zlib.crc32");
		}
		fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.equal(crc32(bytes, bytes.length), zlibCrc32(bytes))));
	});
});
