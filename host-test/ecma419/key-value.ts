import { Machine } from "../machine/machine.js";

class Domain {
	readonly #machine = Machine.current;
	readonly #path: string;
	readonly #format: "buffer" | "string";

	constructor(path: string, format: "buffer" | "string") {
		this.#path = path;
		this.#format = format;
	}

	read(key: string): ArrayBuffer | string | undefined {
		this.#machine.alive();
		const value = this.#machine.hardware.readKey(this.#path, checked(key));
		if (value === undefined) return undefined;
		return this.#format === "string" ? Buffer.from(value).toString() : Uint8Array.from(value).buffer;
	}

	write(key: string, value: ArrayBuffer | Uint8Array | string): void {
		const bytes = typeof value === "string" ? Buffer.from(value) : new Uint8Array(value);
		const { hardware } = this.#machine;
		this.#machine.operation("storage", (torn) => hardware.writeKey(this.#path, checked(key), bytes, torn));
	}

	delete(key: string): boolean {
		const { hardware } = this.#machine;
		const existed = hardware.readKey(this.#path, checked(key)) !== undefined;
		this.#machine.operation("storage", () => hardware.deleteKey(this.#path, key));
		return existed;
	}

	close(): void {}
}

/** NVS allows names of at most 15 characters. */
function checked(key: string): string {
	if (key.length < 1 || key.length > 15) throw new RangeError(`key "${key}": 1 to 15 characters`);
	return key;
}

/** `embedded:storage/key-value`: NVS. */
export default {
	open({ path, format = "buffer" }: { path: string; mode?: string; format?: "buffer" | "string" }): Domain {
		Machine.current.hardware.openKeys();
		return new Domain(checked(path), format);
	},
};
