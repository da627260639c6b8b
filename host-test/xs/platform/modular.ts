import { call } from "./host.js";
import { Op } from "./protocol.js";

export default class Modular {
	readonly #m: bigint;

	constructor(m: bigint) {
		this.#m = m;
	}

	mulinv(a: bigint): bigint {
		return ask(Op.invert, this.#m, a);
	}

	exp(a: bigint, e: bigint): bigint {
		return ask(Op.power, this.#m, a, e);
	}
}

function ask(op: number, ...numbers: readonly bigint[]): bigint {
	const text = numbers.map((number) => number.toString(16)).join(" ");
	return BigInt(`0x${call(op, 0, 0, text)}`);
}
