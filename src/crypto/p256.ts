import Curve from "curve";
import Modular from "modular";
import { toBigInt } from "./der.js";

const COORDINATE_BYTES = 32;

/**
 * Verifies an ECDSA signature over P-256. Only public values go in, so time and memory may depend on them. The SDK multiplies the
 * points, in C; its own `ECDSA` checks neither ranges nor points, and takes no x beyond the order.
 * Sources: FIPS 186-5, section 6.4.2; SEC 2, section 2.4.2 (secp256r1).
 *
 * @param point the public key, uncompressed: 4, x, y
 * @param digest of the message: 32 bytes
 * @param r with `s`: the signature's two numbers
 */
export function verifyP256(point: Uint8Array, digest: Uint8Array, r: bigint, s: bigint): boolean {
	const { G, ec, n } = new Curve("secp256r1");
	if (r < 1n || r >= n || s < 1n || s >= n) return false;
	if (point.byteLength !== 1 + 2 * COORDINATE_BYTES || point[0] !== 4) return false;
	const x = toBigInt(point, 1, 1 + COORDINATE_BYTES);
	const y = toBigInt(point, 1 + COORDINATE_BYTES, 1 + 2 * COORDINATE_BYTES);
	const { b, m } = ec;
	// The curve's a is -3. A key that is not on it would be one on another, weaker curve.
	if (x >= m || y >= m || (y * y - (x * x * x - 3n * x + b)) % m !== 0n) return false;
	const w = new Modular(n).mulinv(s);
	const u1 = (toBigInt(digest, 0, COORDINATE_BYTES) * w) % n;
	const sum = ec.mul2(G, u1, { x, y, z: 1n }, (r * w) % n);
	return sum.z !== 0n && sum.x % n === r;
}
