import { toBigInt } from "./big-integer.js";

/** DigestInfo of a SHA-256, before its 32 bytes (RFC 8017, 9.2, note 1). */
const DIGEST_INFO = Object.freeze(
	[0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20],
	true,
);
/** 2,048 to 4,096 bits: what is shorter is no protection, what is longer takes the chip too long. */
const MIN_BYTES = 256;
const MAX_BYTES = 512;

/**
 * RSASSA-PKCS1-v1_5 over SHA-256 (RFC 8017, 8.2.2): verification alone, which has no secrets.
 *
 * @param digest 32 bytes
 */
export function verifyRsa(modulus: Uint8Array, exponent: number, digest: Uint8Array, signature: Uint8Array): boolean {
	const { byteLength } = modulus;
	if (byteLength < MIN_BYTES || byteLength > MAX_BYTES || signature.byteLength !== byteLength) return false;
	const n = toBigInt(modulus, 0, byteLength);
	const s = toBigInt(signature, 0, byteLength);
	if (s >= n) return false;
	// The whole message is made and compared, and not taken apart: what is read leniently can be forged.
	const expected = new Uint8Array(byteLength).fill(0xff);
	const digestAt = byteLength - digest.byteLength;
	expected[0] = 0;
	expected[1] = 1;
	expected[digestAt - DIGEST_INFO.length - 1] = 0;
	expected.set(DIGEST_INFO, digestAt - DIGEST_INFO.length);
	expected.set(digest, digestAt);
	return power(s, exponent, n) === toBigInt(expected, 0, byteLength);
}

function power(base: bigint, exponent: number, modulus: bigint): bigint {
	let result = 1n;
	for (let bit = 31; bit >= 0; bit -= 1) {
		result = (result * result) % modulus;
		if ((exponent >>> bit) & 1) result = (result * base) % modulus;
	}
	return result;
}
