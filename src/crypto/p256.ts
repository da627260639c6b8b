import { toBigInt } from "./der.js";

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const GX = 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n;
const GY = 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n;
const COORDINATE_BYTES = 32;

/** In Jacobian coordinates: x/z^2, y/z^3. With z 0 it is the point at infinity. */
interface Point {
	readonly x: bigint;
	readonly y: bigint;
	readonly z: bigint;
}

const INFINITY: Point = Object.freeze({ x: 1n, y: 1n, z: 0n }, true);

/**
 * Verifies an ECDSA signature over P-256. Only public values go in, so time and memory may depend on them. It is written in
 * BigInt because the SDK's own elliptic curves are reachable from its TLS alone; it runs once for an update.
 * Sources: FIPS 186-5, section 6.4.2; SEC 2, section 2.4.2 (secp256r1).
 *
 * @param point the public key, uncompressed: 4, x, y
 * @param digest of the message: 32 bytes
 * @param r with `s`: the signature's two numbers
 */
export function verifyP256(point: Uint8Array, digest: Uint8Array, r: bigint, s: bigint): boolean {
	const key = readPoint(point);
	if (key === undefined || r < 1n || r >= N || s < 1n || s >= N) return false;
	const w = inverse(s, N);
	const u1 = (toBigInt(digest, 0, COORDINATE_BYTES) * w) % N;
	const u2 = (r * w) % N;
	const { x, z } = addMultiples(u1, { x: GX, y: GY, z: 1n }, u2, key);
	if (z === 0n) return false;
	const zInverse = inverse(z, P);
	return ((x * zInverse * zInverse) % P) % N === r;
}

/** @returns undefined when the bytes are no point on the curve */
function readPoint(bytes: Uint8Array): Point | undefined {
	if (bytes.byteLength !== 1 + 2 * COORDINATE_BYTES || bytes[0] !== 4) return undefined;
	const x = toBigInt(bytes, 1, 1 + COORDINATE_BYTES);
	const y = toBigInt(bytes, 1 + COORDINATE_BYTES, 1 + 2 * COORDINATE_BYTES);
	if (x >= P || y >= P || mod(y * y - (x * x * x - 3n * x + B)) !== 0n) return undefined;
	return { x, y, z: 1n };
}

/** u1 * a + u2 * b, both at once (Shamir's trick). */
function addMultiples(u1: bigint, a: Point, u2: bigint, b: Point): Point {
	const both = add(a, b);
	let sum = INFINITY;
	for (let bit = 255n; bit >= 0n; bit -= 1n) {
		sum = double(sum);
		const one = (u1 >> bit) & 1n;
		const two = (u2 >> bit) & 1n;
		if (one === 1n && two === 1n) sum = add(sum, both);
		else if (one === 1n) sum = add(sum, a);
		else if (two === 1n) sum = add(sum, b);
	}
	return sum;
}

/** The curve's a is -3: "dbl-2001-b" of the Explicit-Formulas Database. */
function double({ x, y, z }: Point): Point {
	if (z === 0n) return INFINITY;
	const delta = (z * z) % P;
	const gamma = (y * y) % P;
	const beta = (x * gamma) % P;
	const alpha = mod(3n * (x - delta) * (x + delta));
	const x3 = mod(alpha * alpha - 8n * beta);
	return {
		x: x3,
		y: mod(alpha * (4n * beta - x3) - 8n * gamma * gamma),
		z: mod((y + z) * (y + z) - gamma - delta),
	};
}

/** "add-1998-cmo-2" of the Explicit-Formulas Database. */
function add(a: Point, b: Point): Point {
	if (a.z === 0n) return b;
	if (b.z === 0n) return a;
	const az2 = (a.z * a.z) % P;
	const bz2 = (b.z * b.z) % P;
	const u1 = (a.x * bz2) % P;
	const s1 = (a.y * b.z * bz2) % P;
	const h = mod(b.x * az2 - u1);
	const r = mod(b.y * a.z * az2 - s1);
	if (h === 0n) return r === 0n ? double(a) : INFINITY;
	const h2 = (h * h) % P;
	const h3 = (h * h2) % P;
	const v = (u1 * h2) % P;
	const x = mod(r * r - h3 - 2n * v);
	return { x, y: mod(r * (v - x) - s1 * h3), z: (a.z * b.z * h) % P };
}

function mod(value: bigint): bigint {
	const rest = value % P;
	return rest < 0n ? rest + P : rest;
}

/** By the extended Euclidean algorithm. The value is not 0 modulo the prime. */
function inverse(value: bigint, prime: bigint): bigint {
	let r0 = prime;
	let r1 = value % prime;
	let t0 = 0n;
	let t1 = 1n;
	while (r1 !== 0n) {
		const quotient = r0 / r1;
		const r2 = r0 - quotient * r1;
		const t2 = t0 - quotient * t1;
		r0 = r1;
		r1 = r2;
		t0 = t1;
		t1 = t2;
	}
	return t0 < 0n ? t0 + prime : t0;
}
