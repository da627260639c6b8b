import { begins, isMinimal, toBigInt } from "./der.js";
import { verifyP256 } from "./p256.js";
import { readPublicKey, verifyRsa } from "./rsa.js";

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
 * Whether a file is signed by this key: over its SHA-256, as `openssl dgst -sha256 -sign` does it. The key decides how: ECDSA
 * over P-256, or RSA with 2,048 to 4,096 bits (PKCS #1 v1.5).
 *
 * @param publicKey SubjectPublicKeyInfo, DER: `openssl pkey -pubout -outform DER`
 * @param digest the file's SHA-256
 * @param signature ECDSA: DER; RSA: as many bytes as the key's modulus
 */
export function isSigned(publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
	const rsa = readPublicKey(publicKey);
	if (rsa !== undefined) return verifyRsa(rsa, digest, signature);
	if (publicKey.byteLength !== SPKI_HEAD.length + POINT_BYTES || !begins(publicKey, SPKI_HEAD)) return false;
	const numbers = readNumbers(signature);
	return numbers !== undefined && verifyP256(publicKey.slice(SPKI_HEAD.length), digest, numbers.r, numbers.s);
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

/** @returns where the integer at `at` ends; undefined unless it is positive, minimal, and has at most 33 bytes */
function endOfInteger(der: Uint8Array, at: number): number | undefined {
	const length = der[at + 1] ?? 0;
	const first = der[at + 2] ?? 0xff;
	if (der[at] !== 0x02 || length < 1 || length > 33 || (first & 0x80) !== 0) return undefined;
	const end = at + 2 + length;
	return end <= der.byteLength && isMinimal(der.subarray(at + 2, end)) ? end : undefined;
}
