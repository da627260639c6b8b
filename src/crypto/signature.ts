import { toBigInt } from "./big-integer.js";
import { after, begins, contentOf, RSA_ALGORITHM } from "./der.js";
import { verifyP256 } from "./p256.js";
import { verifyRsa } from "./rsa.js";

/** The head of a SubjectPublicKeyInfo of P-256 (RFC 5480), before the 65 bytes of the point. */
const SPKI_HEAD = Object.freeze(
	[
		...[0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01],
		...[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00],
	],
	true,
);
const POINT_BYTES = 65;
const MAX_SIGNATURE_BYTES = 72;

/**
 * Whether a signature of an image is good: over SHA-256, as `openssl dgst -sha256 -sign` makes it. The key says how: ECDSA over
 * P-256, or RSA with 2,048 to 4,096 bits (PKCS #1 v1.5).
 *
 * @param publicKey SubjectPublicKeyInfo, DER: `openssl pkey -pubout -outform DER`
 * @param digest the image's SHA-256
 * @param signature ECDSA: DER; RSA: as many bytes as the key's modulus
 */
export function isSigned(publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
	const rsa = readRsaKey(publicKey);
	if (rsa !== undefined) return verifyRsa(rsa.modulus, rsa.exponent, digest, signature);
	if (publicKey.byteLength !== SPKI_HEAD.length + POINT_BYTES || !begins(publicKey, SPKI_HEAD)) return false;
	const numbers = readNumbers(signature);
	return numbers !== undefined && verifyP256(publicKey.slice(SPKI_HEAD.length), digest, numbers.r, numbers.s);
}

/** The key is the firmware's own, and no input from outside: it is read as its DER must be, and nothing else is. */
function readRsaKey(spki: Uint8Array): { modulus: Uint8Array; exponent: number } | undefined {
	const info = contentOf(spki, 0x30);
	if (info === undefined || !begins(info, RSA_ALGORITHM)) return undefined;
	const bits = contentOf(info.subarray(RSA_ALGORITHM.length), 0x03);
	// A BIT STRING begins with the number of its unused bits: a key is whole bytes.
	const key = bits?.[0] === 0 ? contentOf(bits.subarray(1), 0x30) : undefined;
	const number = key && contentOf(key, 0x02);
	if (key === undefined || number === undefined) return undefined;
	const exponent = contentOf(after(key, number), 0x02);
	if (exponent === undefined || exponent.byteLength > 4) return undefined;
	let value = 0;
	for (let i = 0; i < exponent.byteLength; i += 1) value = value * 256 + (exponent[i] as number);
	return { modulus: number[0] === 0 ? number.subarray(1) : number, exponent: value };
}

/** ECDSA-Sig-Value (RFC 3279): a sequence of two integers, and nothing behind it. */
function readNumbers(der: Uint8Array): { r: bigint; s: bigint } | undefined {
	if (der.byteLength > MAX_SIGNATURE_BYTES || der[0] !== 0x30 || der[1] !== der.byteLength - 2) return undefined;
	const endOfR = endOfInteger(der, 2);
	if (endOfR === undefined) return undefined;
	const endOfS = endOfInteger(der, endOfR);
	if (endOfS !== der.byteLength) return undefined;
	return { r: toBigInt(der, 4, endOfR), s: toBigInt(der, endOfR + 2, endOfS) };
}

/** A positive integer of at most 33 bytes at `at`. */
function endOfInteger(der: Uint8Array, at: number): number | undefined {
	const length = der[at + 1] ?? 0;
	const first = der[at + 2] ?? 0xff;
	if (der[at] !== 0x02 || length < 1 || length > 33 || (first & 0x80) !== 0) return undefined;
	return at + 2 + length <= der.byteLength ? at + 2 + length : undefined;
}
