import { call } from "./host.js";
import { Op } from "./protocol.js";

interface ECPoint {
	readonly x: bigint;
	readonly y: bigint;
	readonly z: bigint;
}

class EC {
	readonly b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
	readonly m = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;

	mul2(p1: ECPoint, k1: bigint, p2: ECPoint, k2: bigint): ECPoint {
		const numbers = [p1.x, p1.y, p1.z, k1, p2.x, p2.y, p2.z, k2].map((number) => number.toString(16));
		const [x, y, z] = (call(Op.multiplyPoints, 0, 0, numbers.join(" ")) as string).split(" ");
		return { x: BigInt(`0x${x}`), y: BigInt(`0x${y}`), z: BigInt(`0x${z}`) };
	}
}

/** See ecma419/curve.ts, which does the work. */
export default class Curve {
	readonly G: ECPoint = {
		x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
		y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
		z: 1n,
	};
	readonly ec = new EC();
	readonly n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
}
