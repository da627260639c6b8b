import { call } from "./host.js";
import { Op } from "./protocol.js";

/** As in the SDK a host buffer: the bytes lie in flash, outside the heaps. */
export default class Resource {
	constructor(path: string) {
		const { prototype } = new.target;
		// biome-ignore lint/correctness/noConstructorReturn: only C makes host buffers
		return Object.setPrototypeOf(call(Op.resource, 0, 0, path), prototype) as Resource;
	}

	static exists(path: string): boolean {
		return call(Op.resourceExists, 0, 0, path) === 1;
	}

	get byteLength(): number {
		return new Uint8Array(this as unknown as ArrayBuffer).byteLength;
	}

	slice(begin: number, end?: number): ArrayBuffer {
		return new Uint8Array(this as unknown as ArrayBuffer).slice(begin, end).buffer;
	}
}
