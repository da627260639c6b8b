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
		machine.operation(this.path === "otadata" ? "boot" : "erase", (torn) => erase(block, torn));
	}

	write(buffer: ArrayBuffer | Uint8Array, byteOffset: number): void {
		const machine = this.#machine;
		machine.alive();
		const { byteLength, write } = machine.hardware.partition(this.path);
		if (this.#mode !== "r+" || write === undefined) throw new Error("read-only");
		const bytes = new Uint8Array(buffer);
		if (byteOffset < 0 || byteOffset + bytes.byteLength > byteLength) throw new Error("write failed");
		machine.operation("flash", (torn) => write(torn ? bytes.subarray(0, bytes.byteLength >> 1) : bytes, byteOffset));
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
