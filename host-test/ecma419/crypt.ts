import { createHash, type Hash } from "node:crypto";

/** `crypt`: the digests. */
export class Digest {
	readonly #hash: Hash;

	constructor(name: string) {
		this.#hash = createHash(name.toLowerCase());
	}

	write(data: ArrayBuffer | Uint8Array | string): void {
		this.#hash.update(typeof data === "string" ? data : new Uint8Array(data));
	}

	/** @param more whether the digest goes on after this value */
	close(more = false): ArrayBuffer {
		return Uint8Array.from((more ? this.#hash.copy() : this.#hash).digest()).buffer;
	}
}
