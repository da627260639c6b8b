import { Machine } from "../machine/machine.js";

/** `Resource`: a file that the manifest puts into flash. */
export default class Resource {
	readonly #bytes: Uint8Array;

	constructor(path: string) {
		const bytes = Machine.current.hardware.resource(path);
		if (bytes === undefined) throw new Error(`resource not found: ${path}`);
		this.#bytes = bytes;
	}

	static exists(path: string): boolean {
		return Machine.current.hardware.resource(path) !== undefined;
	}

	get byteLength(): number {
		return this.#bytes.byteLength;
	}

	slice(begin: number, end?: number): ArrayBuffer {
		return Uint8Array.from(this.#bytes.subarray(begin, end)).buffer;
	}
}
