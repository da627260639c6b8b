import { Machine, type PartitionName } from "./machine.js";

export class FlashPartition {
	readonly #machine = Machine.current;
	readonly path: PartitionName;

	constructor(path: PartitionName) {
		this.path = path;
	}

	read(byteLength: number, byteOffset: number): ArrayBuffer {
		this.#machine.alive();
		const partition = this.#machine.hardware.partition(this.path);
		if (byteOffset < 0 || byteOffset + byteLength > partition.byteLength) throw new RangeError("invalid offset");
		return Uint8Array.from(partition.read(byteLength, byteOffset)).buffer;
	}

	close(): void {}
}

/** `embedded:storage/flash`. */
export default {
	open({ path }: { path: string }): FlashPartition {
		if (!isName(path)) throw new Error(`no partition ${path}`);
		return new FlashPartition(path);
	},
};

function isName(path: string): path is PartitionName {
	return path === "running" || path === "nextota" || path === "otadata";
}
