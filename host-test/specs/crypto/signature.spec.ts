import assert from "node:assert/strict";
import { constants, createHash, createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import fc from "fast-check";
import "../../ecma419/globals.js";
import { isSigned } from "../../../src/crypto/signature.js";

function keys(namedCurve = "prime256v1"): { privateKey: KeyObject; spki: Uint8Array } {
	const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve });
	return { privateKey, spki: new Uint8Array(publicKey.export({ type: "spki", format: "der" })) };
}

const sha256 = (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest());
/** As `openssl dgst -sha256 -sign` does. */
const sign = (key: KeyObject, data: Uint8Array) => new Uint8Array(createSign("sha256").update(data).sign(key));

describe("An ECDSA signature", () => {
	it("of OpenSSL verifies, for any key and any image", function () {
		this.timeout(60_000);
		for (let i = 0; i < 60; i += 1) {
			const { privateKey, spki } = keys();
			const image = Buffer.from(`image ${i}`);
			assert.ok(isSigned(spki, sha256(image), sign(privateKey, image)), `${i}`);
		}
	});

	it("does not verify when a bit of it, of the digest or of the key is changed", function () {
		this.timeout(60_000);
		const { privateKey, spki } = keys();
		const image = Buffer.from("image");
		const parts = [spki, sha256(image), sign(privateKey, image)] as const;
		const anywhere = fc.tuple(fc.nat(2), fc.nat(10_000));
		fc.assert(
			fc.property(anywhere, ([which, bit]) => {
				const changed = parts.map((part) => part.slice()) as [Uint8Array, Uint8Array, Uint8Array];
				const part = changed[which] as Uint8Array;
				const at = bit % (part.byteLength * 8);
				part[at >> 3] = (part[at >> 3] as number) ^ (1 << (at & 7));
				assert.equal(isSigned(...changed), false);
			}),
			{ numRuns: 200 },
		);
	});

	it("of arbitrary bytes, or by such a key, does not verify; nothing throws", () => {
		const { privateKey, spki } = keys();
		const image = Buffer.from("image");
		const digest = sha256(image);
		const good = sign(privateKey, image);
		const bytes = fc.oneof(
			fc.uint8Array({ maxLength: 80 }),
			fc.uint8Array({ minLength: 60, maxLength: 70 }).map((rest) => Uint8Array.from([0x30, rest.length, ...rest])),
		);
		fc.assert(fc.property(bytes, (signature) => assert.equal(isSigned(spki, digest, signature), false)));
		fc.assert(fc.property(bytes, (key) => assert.equal(isSigned(key, digest, good), false)));
	});

	it("with 0, the group's order, a point or key off the curve does not verify", () => {
		const { privateKey, spki } = keys();
		const image = Buffer.from("image");
		const order = Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex");
		const zero = Uint8Array.from([0x30, 6, 2, 1, 0, 2, 1, 0]);
		const large = Uint8Array.from([0x30, 70, 2, 33, 0, ...order, 2, 33, 0, ...order]);
		for (const forged of [zero, large]) assert.equal(isSigned(spki, sha256(image), forged), false);
		const beside = spki.slice();
		beside[90] = (beside[90] as number) ^ 1;
		assert.equal(isSigned(beside, sha256(image), sign(privateKey, image)), false);
		const other = keys("secp256k1");
		assert.equal(isSigned(other.spki, sha256(image), sign(other.privateKey, image)), false);
	});
});

describe("DER that is longer than it need be", () => {
	const { privateKey, spki } = keys();
	const image = Buffer.from("image");
	const integer = (n: Uint8Array, lead: readonly number[]) => [2, n.byteLength + lead.length, ...lead, ...n];

	/** A signature in two parts: OpenSSL's are minimal. */
	function parts(): [Uint8Array, Uint8Array] {
		const der = sign(privateKey, image);
		const split = 4 + (der[3] as number);
		return [der.slice(4, split), der.slice(split + 2)];
	}

	for (const [what, encode] of [
		["a zero before r", (r, s) => [...integer(r, [0]), ...integer(s, [])]],
		["a zero before s", (r, s) => [...integer(r, []), ...integer(s, [0])]],
		["a length in two bytes", (r, s) => [2, 0x81, r.byteLength, ...r, ...integer(s, [])]],
	] as readonly [string, (r: Uint8Array, s: Uint8Array) => number[]][]) {
		it(`${what}: the signature does not verify`, () => {
			for (let i = 0; i < 8; i += 1) {
				const [r, s] = parts();
				const minimal = [...integer(r, []), ...integer(s, [])];
				assert.ok(isSigned(spki, sha256(image), Uint8Array.from([0x30, minimal.length, ...minimal])));
				const body = encode(r, s);
				assert.equal(isSigned(spki, sha256(image), Uint8Array.from([0x30, body.length, ...body])), false);
			}
		});
	}
});

describe("An RSA signature", () => {
	const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
	const spki = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
	const image = Buffer.from("image");

	for (const modulusLength of [2_048, 3_072, 4_096]) {
		it(`of ${modulusLength} bits verifies`, function () {
			this.timeout(60_000);
			const pair = generateKeyPairSync("rsa", { modulusLength });
			const key = new Uint8Array(pair.publicKey.export({ type: "spki", format: "der" }));
			assert.ok(isSigned(key, sha256(image), sign(pair.privateKey, image)));
		});
	}

	for (const [what, lengthen] of [
		["a length of three bytes for two", (der) => Uint8Array.of(0x30, 0x83, 0, ...der.subarray(2))],
		["a zero before the exponent", (der) => exponent(der, [2, 4, 0, 1, 0, 1])],
	] as readonly [string, (der: Uint8Array) => Uint8Array][]) {
		it(`whose key has ${what} does not verify`, () => {
			const signature = sign(privateKey, image);
			assert.ok(isSigned(exponent(spki, [2, 3, 1, 0, 1]), sha256(image), signature));
			assert.equal(isSigned(lengthen(spki), sha256(image), signature), false);
		});
	}

	/** The key with these bytes as its exponent, which ends it: each of its elements is as much longer. */
	function exponent(der: Uint8Array, bytes: readonly number[]): Uint8Array {
		const longer = Uint8Array.of(...der.subarray(0, -5), ...bytes);
		const key = new DataView(longer.buffer);
		for (const at of [2, 21, 26]) key.setUint16(at, key.getUint16(at) + bytes.length - 5);
		return longer;
	}

	it("with a short key, over SHA-1 or in PSS does not verify", () => {
		const short = generateKeyPairSync("rsa", { modulusLength: 1_024 });
		const key = new Uint8Array(short.publicKey.export({ type: "spki", format: "der" }));
		assert.ok(!isSigned(key, sha256(image), sign(short.privateKey, image)));
		assert.ok(!isSigned(spki, sha256(image), new Uint8Array(createSign("sha1").update(image).sign(privateKey))));
		const pss = createSign("sha256").update(image).sign({ key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING });
		assert.ok(!isSigned(spki, sha256(image), new Uint8Array(pss)));
	});

	it("does not verify when a bit of it, of the digest or of the key is changed", function () {
		this.timeout(60_000);
		const parts = [spki, sha256(image), sign(privateKey, image)] as const;
		fc.assert(
			fc.property(fc.nat(2), fc.nat(10_000), (which, bit) => {
				const changed = parts.map((part) => part.slice()) as [Uint8Array, Uint8Array, Uint8Array];
				const part = changed[which] as Uint8Array;
				const at = bit % (part.byteLength * 8);
				part[at >> 3] = (part[at >> 3] as number) ^ (1 << (at & 7));
				assert.equal(isSigned(...changed), false);
			}),
			{ numRuns: 200, examples: [[0, 184]] },
		);
	});

	it("of arbitrary bytes, or by such a key, does not verify; nothing throws", () => {
		const digest = sha256(image);
		fc.assert(
			fc.property(fc.uint8Array({ minLength: 256, maxLength: 256 }), (s) => assert.ok(!isSigned(spki, digest, s))),
		);
		const cut = fc.nat(spki.byteLength - 1).map((end) => spki.slice(0, end));
		fc.assert(fc.property(cut, (key) => assert.ok(!isSigned(key, digest, sign(privateKey, image)))));
	});
});
