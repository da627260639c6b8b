import { Machine } from "../machine/machine.js";

/** A host buffer of XS: views of it are made as of an ArrayBuffer, but it is none. */
const HostBuffer = SharedArrayBuffer as unknown as new (byteLength: number) => object;

/** `Resource`: a file that the manifest puts into flash. */
export default class Resource extends HostBuffer {
	declare readonly byteLength: number;

	constructor(path: string) {
		const bytes = Machine.current.hardware.resource(path);
		if (bytes === undefined) throw new URIError(`Resource not found: ${path}`);
		super(bytes.byteLength);
		this.#bytes().set(bytes);
	}

	static exists(path: string): boolean {
		return Machine.current.hardware.resource(path) !== undefined;
	}

	slice(begin: number, end?: number): ArrayBuffer {
		return Uint8Array.from(this.#bytes().subarray(begin, end)).buffer;
	}

	#bytes(): Uint8Array {
		return new Uint8Array(this as unknown as SharedArrayBuffer);
	}
}
