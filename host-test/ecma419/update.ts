import type { ImageWriter } from "../machine/hardware.js";
import { Machine } from "../machine/machine.js";
import type { FlashPartition } from "./flash.js";

class UpdateWriter {
	readonly #machine = Machine.current;
	readonly #writer: ImageWriter;
	readonly #byteLength: number;
	#written = 0;
	#closed = false;

	constructor(byteLength: number) {
		this.#byteLength = byteLength;
		this.#writer = this.#machine.hardware.openUpdate(byteLength);
	}

	write(data: ArrayBuffer | Uint8Array): void {
		const bytes = new Uint8Array(data);
		if (this.#closed) throw new Error("closed");
		if (this.#written + bytes.byteLength > this.#byteLength) throw new RangeError("too long");
		this.#machine.operation("flash", (torn) =>
			this.#writer.write(torn ? bytes.subarray(0, bytes.byteLength >> 1) : bytes),
		);
		this.#written += bytes.byteLength;
	}

	/** Also possible after a failed write, as in the SDK: then ESP-IDF's check refuses the image. */
	complete(): void {
		if (this.#closed) throw new Error("closed");
		this.#closed = true;
		this.#machine.operation("boot", () => this.#writer.complete());
	}

	close(): void {
		this.#closed = true;
	}
}

/** `embedded:update`, over `esp_ota_*`. */
export default {
	open({ partition, byteLength }: { partition: FlashPartition; mode: "a" | "w"; byteLength?: number }): UpdateWriter {
		const capacity = Machine.current.hardware.partition(partition.path).byteLength;
		Machine.current.alive();
		return new UpdateWriter(byteLength ?? capacity);
	},
};
