import { call } from "./host.js";
import { Op } from "./protocol.js";

declare global {
	interface ArrayBufferConstructor {
		/** XS: the text's UTF-8. */
		fromString(text: string): ArrayBuffer;
	}
}

class Domain {
	readonly #id: number;

	constructor(id: number) {
		this.#id = id;
	}

	get format(): string {
		return call(Op.keyFormat, this.#id) as string;
	}

	set format(format: string) {
		call(Op.keyFormat, this.#id, 0, format);
	}

	read(key: string): unknown {
		const value = call(Op.keyRead, this.#id, 0, key);
		return typeof value === "string" && this.format.endsWith("64") ? BigInt(value) : value;
	}

	write(key: string, value: unknown): void {
		const isBuffer = value instanceof ArrayBuffer || value instanceof Uint8Array;
		if (!isBuffer && this.format === "buffer") throw new TypeError("invalid buffer");
		call(Op.keyWrite, this.#id, 0, key, isBuffer ? value : ArrayBuffer.fromString(String(value)));
	}

	delete(key: string): void {
		call(Op.keyDelete, this.#id, 0, key);
	}

	close(): void {
		call(Op.keyClose, this.#id);
	}
}

export default {
	open(options: { path: string; mode?: string; format?: string }): Domain {
		return new Domain(call(Op.keyOpen, 0, 0, JSON.stringify(options)) as number);
	},
};
