/** Moddable SDK 8, modules/crypt/etc/curve.js and modules/crypt/arith: in C, and linked with its TLS. Nothing of it has typings. */
declare module "curve" {
	/** Affine, with z 1; the point at infinity has z 0. */
	interface ECPoint {
		readonly x: bigint;
		readonly y: bigint;
		readonly z: bigint;
	}

	/** y^2 = x^3 + ax + b modulo m. It does not check whether a point is on it. */
	interface EC {
		readonly a: bigint;
		readonly b: bigint;
		readonly m: bigint;
		/** p1 * k1 + p2 * k2 */
		mul2(p1: ECPoint, k1: bigint, p2: ECPoint, k2: bigint): ECPoint;
	}

	export default class Curve {
		constructor(name: "secp256r1" | "secp384r1");
		readonly G: ECPoint;
		readonly ec: EC;
		/** The order of G. */
		readonly n: bigint;
	}
}

declare module "modular" {
	/** Its arguments are not checked: they are positive and less than m. */
	export default class Modular {
		constructor(m: bigint);
		/** It is odd and has an inverse. */
		mulinv(a: bigint): bigint;
		exp(a: bigint, e: bigint): bigint;
	}
}
