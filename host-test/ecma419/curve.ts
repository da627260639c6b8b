import Modular from "./modular.js";

/** Affine, with z 1; with z 0 it is the point at infinity. Within `EC` the coordinates are Jacobian: x/z^2, y/z^3. */
export interface ECPoint {
	readonly x: bigint;
	readonly y: bigint;
	readonly z: bigint;
}

const INFINITY: ECPoint = { x: 1n, y: 1n, z: 0n };

/** As modules/crypt/arith/ec.js of the Moddable SDK: whether a point is on the curve is not looked at. */
class EC {
	readonly #modular: Modular;
	readonly a: bigint;
	readonly b: bigint;
	readonly m: bigint;

	constructor(a: bigint, b: bigint, m: bigint) {
		this.a = a;
		this.b = b;
		this.m = m;
		this.#modular = new Modular(m);
	}

	/** Both at once (Shamir's trick). */
	mul2(p1: ECPoint, k1: bigint, p2: ECPoint, k2: bigint): ECPoint {
		const both = this.#add(p1, p2);
		let sum = INFINITY;
		const bits = Math.max(k1.toString(2).length, k2.toString(2).length);
		for (let bit = BigInt(bits) - 1n; bit >= 0n; bit -= 1n) {
			sum = this.#double(sum);
			const one = (k1 >> bit) & 1n;
			const two = (k2 >> bit) & 1n;
			if (one === 1n && two === 1n) sum = this.#add(sum, both);
			else if (one === 1n) sum = this.#add(sum, p1);
			else if (two === 1n) sum = this.#add(sum, p2);
		}
		return this.#affine(sum);
	}

	#affine({ x, y, z }: ECPoint): ECPoint {
		if (z === 0n) return INFINITY;
		const inverse = this.#modular.mulinv(z);
		const square = (inverse * inverse) % this.m;
		return { x: (x * square) % this.m, y: (y * square * inverse) % this.m, z: 1n };
	}

	/** "dbl-2007-bl" of the Explicit-Formulas Database, as in the SDK's C. */
	#double({ x, y, z }: ECPoint): ECPoint {
		if (z === 0n) return INFINITY;
		const { m } = this;
		const xx = (x * x) % m;
		const yy = (y * y) % m;
		const zz = (z * z) % m;
		const s = (4n * x * yy) % m;
		const slope = (3n * xx + this.a * zz * zz) % m;
		const x3 = this.#modular.mod(slope * slope - 2n * s);
		return { x: x3, y: this.#modular.mod(slope * (s - x3) - 8n * yy * yy), z: (2n * y * z) % m };
	}

	/** "add-1998-cmo-2" of the Explicit-Formulas Database. */
	#add(a: ECPoint, b: ECPoint): ECPoint {
		if (a.z === 0n) return b;
		if (b.z === 0n) return a;
		const { m } = this;
		const az2 = (a.z * a.z) % m;
		const bz2 = (b.z * b.z) % m;
		const u1 = (a.x * bz2) % m;
		const s1 = (a.y * b.z * bz2) % m;
		const h = this.#modular.mod(b.x * az2 - u1);
		const r = this.#modular.mod(b.y * a.z * az2 - s1);
		if (h === 0n) return r === 0n ? this.#double(a) : INFINITY;
		const h2 = (h * h) % m;
		const h3 = (h * h2) % m;
		const v = (u1 * h2) % m;
		const x = this.#modular.mod(r * r - h3 - 2n * v);
		return { x, y: this.#modular.mod(r * (v - x) - s1 * h3), z: (a.z * b.z * h) % m };
	}
}

/** `curve`, as modules/crypt/etc/curve.js of the Moddable SDK: of its two curves the one that the agent names. */
export default class Curve {
	/** SEC 2, section 2.4.2. */
	readonly G: ECPoint = {
		x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
		y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
		z: 1n,
	};
	readonly ec = new EC(
		0xffffffff00000001000000000000000000000000fffffffffffffffffffffffcn,
		0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
		0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
	);
	readonly n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

	constructor(name: string) {
		if (name !== "secp256r1") throw new Error(`curve: ${name}`);
	}
}
