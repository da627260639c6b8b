import { call } from "./host.js";
import { Op } from "./protocol.js";

class FlashPartition {
	readonly path: string;

	constructor(path: string) {
		this.path = path;
	}

	read(byteLength: number, byteOffset: number): ArrayBuffer {
		return call(Op.partitionRead, byteOffset, byteLength, this.path) as ArrayBuffer;
	}

	eraseBlock(block: number): void {
		call(Op.partitionErase, 0, block, this.path);
	}

	write(buffer: ArrayBuffer | Uint8Array, byteOffset: number): void {
		call(Op.partitionWrite, 0, byteOffset, this.path, buffer);
	}

	close(): void {}
}

export default {
	open({ path }: { path: string }): FlashPartition {
		return new FlashPartition(path);
	},
};
