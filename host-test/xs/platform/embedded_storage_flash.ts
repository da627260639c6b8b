import { call } from "./host.js";
import { Op } from "./protocol.js";

class FlashPartition {
	/** What the host opens it with for each call: MODE/PATH, or nothing once it is closed. */
	#opened: string;

	constructor(opened: string) {
		this.#opened = opened;
		call(Op.partitionOpen, 0, 0, opened);
	}

	read(byteLength: number, byteOffset: number): ArrayBuffer {
		return call(Op.partitionRead, byteOffset, byteLength, this.#opened) as ArrayBuffer;
	}

	eraseBlock(start: number, end = start + 1): void {
		call(Op.partitionErase, end, start, this.#opened);
	}

	write(buffer: ArrayBuffer | Uint8Array, byteOffset: number): void {
		call(Op.partitionWrite, 0, byteOffset, this.#opened, buffer);
	}

	status(): unknown {
		return JSON.parse(call(Op.partitionStatus, 0, 0, this.#opened) as string);
	}

	close(): void {
		this.#opened = "";
	}
}

export default {
	open({ path, mode = "r+" }: { path?: string; mode?: string }): FlashPartition {
		return new FlashPartition(path === undefined ? mode : `${mode}/${path}`);
	},
};
