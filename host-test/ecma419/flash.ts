import type { PartitionName } from "../machine/hardware.js";
import { Machine } from "../machine/machine.js";

const BLOCK_BYTES = 4_096;

/** `embedded:storage/flash` as flash-esp32.c has it. Its errors say what failed, not why. */
export class FlashPartition {
	readonly #machine = Machine.current;
	readonly path: PartitionName;
	readonly #mode: "r" | "r+";
	#closed = false;

	constructor(path: PartitionName, mode: "r" | "r+") {
		this.path = path;
		this.#mode = mode;
	}

	read(byteLength: number, byteOffset: number): ArrayBuffer {
		const partition = this.#partition();
		if (byteOffset < 0 || byteOffset + byteLength > partition.byteLength) throw new Error("read failed");
		return Uint8Array.from(partition.read(byteLength, byteOffset)).buffer;
	}

	eraseBlock(start: number, end = start + 1): void {
		const machine = this.#machine;
		const { byteLength, erase } = this.#partition();
		if (this.#mode === "r") throw new Error("read-only");
		if (erase === undefined || start < 0 || end < start || end * BLOCK_BYTES > byteLength)
			throw new Error("erase failed");
		const kind = this.path === "otadata" ? "boot" : "erase";
		for (let block = start; block < end; block += 1) machine.operation(kind, (torn) => erase(block, torn));
	}

	write(buffer: ArrayBuffer | Uint8Array, byteOffset: number): void {
		const machine = this.#machine;
		const { byteLength, write } = this.#partition();
		if (this.#mode === "r") throw new Error("read-only");
		const bytes = new Uint8Array(buffer);
		if (write === undefined || byteOffset < 0 || byteOffset + bytes.byteLength > byteLength)
			throw new Error("write failed");
		machine.operation("flash", (torn) => write(torn ? bytes.subarray(0, bytes.byteLength >> 1) : bytes, byteOffset));
	}

	status(): { size: number; blockLength: number; blocks: number } {
		const { byteLength } = this.#partition();
		return { size: byteLength, blockLength: BLOCK_BYTES, blocks: byteLength / BLOCK_BYTES };
	}

	close(): void {
		this.#closed = true;
	}

	#partition() {
		this.#machine.alive();
		if (this.#closed) throw new SyntaxError("C: xsGetHostChunk: invalid host data");
		return this.#machine.hardware.partition(this.path);
	}
}

export default {
	/** It may be written unless it is opened for reading alone. */
	open({ path, mode = "r+" }: { path: string; mode?: string }): FlashPartition {
		Machine.current.alive();
		if (path === undefined) throw new Error("no path");
		if (!isName(path)) throw new Error("can't find partition");
		if (mode !== "r" && mode !== "r+") throw new Error("invalid mode");
		return new FlashPartition(path, mode);
	},
};

function isName(path: string): path is PartitionName {
	return path === "running" || path === "nextota" || path === "otadata";
}
