import { call } from "./host.js";
import { Op } from "./protocol.js";

/** A file that lies in flash on the chip, and on the host outside of the machine. */
export default class Resource {
	readonly path: string;

	constructor(path: string) {
		if (!Resource.exists(path)) throw new Error(`resource not found: ${path}`);
		this.path = path;
	}

	static exists(path: string): boolean {
		return call(Op.resourceExists, 0, 0, path) === 1;
	}

	slice(begin: number, end?: number): ArrayBuffer {
		const bytes = call(Op.resource, 0, 0, this.path) as ArrayBuffer;
		return begin === 0 && end === undefined ? bytes : bytes.slice(begin, end);
	}
}
