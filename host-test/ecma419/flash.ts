import type { PartitionName } from "../machine/hardware.js";
import { Machine } from "../machine/machine.js";

export class FlashPartition {
	readonly #machine = Machine.current;
	readonly path: PartitionName;
	readonly #mode: "r" | "r+";

	constructor(path: PartitionName, mode: "r" | "r+") {
		this.path = path;
		this.#mode = mode;
	}

	read(byteLength: number, byteOffset: number): ArrayBuffer {
		this.#machine.alive();
		const partition = this.#machine.hardware.partition(this.path);
		if (byteOffset < 0 || byteOffset + byteLength > partition.byteLength) throw new RangeError("invalid offset");
		return Uint8Array.from(partition.read(byteLength, byteOffset)).buffer;
	}

	eraseBlock(block: number): void {
		const machine = this.#machine;
		machine.alive();
		const { erase } = machine.hardware.partition(this.path);
		if (this.#mode !== "r+" || erase === undefined) throw new Error(`${this.path} was opened for reading alone`);
		machine.operation("boot", () => erase(block));
	}

	close(): void {}
}

/** `embedded:storage/flash`. */
export default {
	open({ path, mode = "r" }: { path: string; mode?: "r" | "r+" }): FlashPartition {
		if (!isName(path)) throw new Error(`no partition ${path}`);
		return new FlashPartition(path, mode);
	},
};

function isName(path: string): path is PartitionName {
	return path === "running" || path === "nextota" || path === "otadata";
}
