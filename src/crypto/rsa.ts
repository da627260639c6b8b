import Modular from "modular";
import { after, begins, contentOf, toBigInt } from "./der.js";

/** AlgorithmIdentifier of RSA, with its NULL parameters (RFC 8017, appendix A.1). */
const RSA_ALGORITHM = Object.freeze(
	[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00],
	true,
);
/** DigestInfo of a SHA-256, before its 32 bytes (RFC 8017, section 9.2, note 1). */
const DIGEST_INFO = Object.freeze(
	[0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20],
	true,
);
/** 2,048 to 4,096 bits: shorter keys no longer protect, longer ones take the chip too long. */
const MIN_BYTES = 256;
const MAX_BYTES = 512;

export interface RsaPublicKey {
	readonly modulus: Uint8Array;
	readonly exponent: number;
}

/**
 * Verifies RSASSA-PKCS1-v1_5 over SHA-256 (RFC 8017, section 8.2.2). Only public values go in.
 *
 * @param digest 32 bytes
 */
export function verifyRsa({ modulus, exponent }: RsaPublicKey, digest: Uint8Array, signature: Uint8Array): boolean {
	const { byteLength } = modulus;
	if (byteLength < MIN_BYTES || byteLength > MAX_BYTES || signature.byteLength !== byteLength) return false;
	const n = toBigInt(modulus, 0, byteLength);
	const s = toBigInt(signature, 0, byteLength);
	if (s >= n) return false;
	// The expected message is built and compared as a whole. Parsers of this padding that are lenient have let forgeries pass.
	const expected = new Uint8Array(byteLength).fill(0xff);
	const digestAt = byteLength - digest.byteLength;
	expected[0] = 0;
	expected[1] = 1;
	expected[digestAt - DIGEST_INFO.length - 1] = 0;
	expected.set(DIGEST_INFO, digestAt - DIGEST_INFO.length);
	expected.set(digest, digestAt);
	return new Modular(n).exp(s, BigInt(exponent)) === toBigInt(expected, 0, byteLength);
}

/** @returns undefined when this SubjectPublicKeyInfo holds another kind of key. It is built in: its DER is well-formed */
export function readPublicKey(spki: Uint8Array): RsaPublicKey | undefined {
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

/**
 * The modulus of a private key, as its DER writes it: a certificate of this key holds the same bytes.
 *
 * @param key PrivateKeyInfo (RFC 5208): version, algorithm, and in an octet string RSAPrivateKey: version, modulus, ...
 * @returns undefined when it is of another kind
 */
export function modulusOf(key: Uint8Array): Uint8Array | undefined {
	const info = contentOf(key, 0x30);
	const version = info && contentOf(info, 0x02);
	const algorithm = info && version && after(info, version);
	if (algorithm === undefined || !begins(algorithm, RSA_ALGORITHM)) return undefined;
	const octets = contentOf(algorithm.subarray(RSA_ALGORITHM.length), 0x04);
	const rsa = octets && contentOf(octets, 0x30);
	const rsaVersion = rsa && contentOf(rsa, 0x02);
	return rsa && rsaVersion && contentOf(after(rsa, rsaVersion), 0x02);
}
