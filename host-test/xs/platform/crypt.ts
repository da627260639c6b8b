import { call } from "./host.js";
import { Op } from "./protocol.js";

export class Digest {
	readonly #id: number;

	constructor(name: string) {
		this.#id = call(Op.digestOpen, 0, 0, name) as number;
	}

	write(data: ArrayBuffer | Uint8Array | string): void {
		call(Op.digestWrite, this.#id, 0, "", typeof data === "string" ? ArrayBuffer.fromString(data) : data);
	}

	close(more = false): ArrayBuffer {
		return call(Op.digestClose, this.#id, more ? 1 : 0) as ArrayBuffer;
	}
}
