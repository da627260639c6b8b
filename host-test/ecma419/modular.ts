/** `modular`, as modules/crypt/arith/modular.js of the Moddable SDK, whose C checks nothing. */
export default class Modular {
	readonly m: bigint;

	constructor(m: bigint) {
		this.m = m;
	}

	/** By the extended Euclidean algorithm. */
	mulinv(a: bigint): bigint {
		let [r0, r1] = [this.m, a % this.m];
		let [t0, t1] = [0n, 1n];
		while (r1 !== 0n) {
			const quotient = r0 / r1;
			[r0, r1] = [r1, r0 - quotient * r1];
			[t0, t1] = [t1, t0 - quotient * t1];
		}
		return this.mod(t0);
	}

	exp(a: bigint, e: bigint): bigint {
		let result = 1n;
		for (const bit of e.toString(2)) {
			result = (result * result) % this.m;
			if (bit === "1") result = (result * a) % this.m;
		}
		return result;
	}

	/** JavaScript's remainder may be negative. */
	mod(a: bigint): bigint {
		const rest = a % this.m;
		return rest < 0n ? rest + this.m : rest;
	}
}
