import { call } from "./host.js";
import { Op } from "./protocol.js";

export default class Resource {
	readonly #bytes: ArrayBuffer;

	constructor(path: string) {
		this.#bytes = call(Op.resource, 0, 0, path) as ArrayBuffer;
	}

	static exists(path: string): boolean {
		return call(Op.resourceExists, 0, 0, path) === 1;
	}

	slice(begin: number, end?: number): ArrayBuffer {
		return this.#bytes.slice(begin, end);
	}
}
