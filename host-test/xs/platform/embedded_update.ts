import { call } from "./host.js";
import { Op } from "./protocol.js";

class UpdateWriter {
	readonly #id: number;

	constructor(path: string, byteLength: number) {
		this.#id = call(Op.updateOpen, 0, byteLength, path) as number;
	}

	write(data: ArrayBuffer | Uint8Array): void {
		call(Op.updateWrite, this.#id, 0, "", data);
	}

	complete(): void {
		call(Op.updateComplete, this.#id);
	}

	close(): void {
		call(Op.updateClose, this.#id);
	}
}

export default {
	open({ partition, byteLength }: { partition: { path: string }; byteLength: number }): UpdateWriter {
		return new UpdateWriter(partition.path, byteLength);
	},
};
