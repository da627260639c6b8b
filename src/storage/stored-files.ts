import KeyValue, { type Storage } from "embedded:storage/key-value";
import { toHex } from "../base/hex.js";

/** A file on its way into the storage. */
export interface StoredFileWriter {
	write(bytes: Uint8Array): void;
	/** From now on the new file is the one that is read: one write of one key. */
	complete(sha256: Uint8Array): void;
}

/** What is kept of a file beside its pieces. */
export interface StoredFile {
	/** Bytes. */
	readonly size: number;
	readonly sha256: string;
}

/** A value of NVS this long fits one of its pages, with its head. */
export const PIECE_BYTES = 2_048;
/** Names of NVS have at most 15 characters: the file's, a dot, the generation, two digits of the piece. */
export const MAX_NAME_LENGTH = 11;
/** Larger ones belong into a partition of their own. */
export const MAX_FILE_BYTES = 65_536;

const HEAD_BYTES = 1 + 4 + 32;

/**
 * Small files in the platform's key-value storage, each in pieces: a certificate bundle, a table, a setting. A file has two
 * generations, and one key says which counts: a power cut leaves the old one or the new one, whole.
 */
export class StoredFiles {
	readonly #domain: Storage;

	/** @throws when the storage cannot be opened */
	constructor() {
		this.#domain = KeyValue.open({ path: "iot-files", mode: "r+", format: "buffer" });
	}

	/** @returns undefined when there is no such file */
	find(name: string): StoredFile | undefined {
		const head = this.#head(name);
		if (head === undefined) return undefined;
		return { size: sizeOf(head), sha256: toHex(head.subarray(5)) };
	}

	/** The n-th piece of a file, PIECE_BYTES long but for the last. @returns undefined past its end */
	read(name: string, piece: number): Uint8Array | undefined {
		const head = this.#head(name);
		if (head === undefined || piece * PIECE_BYTES >= sizeOf(head)) return undefined;
		return this.#read(keyOf(name, head[0] as number, piece));
	}

	/** @throws when the file is too large; writing throws when the storage is full, and the old file stays */
	open(name: string, size: number): StoredFileWriter {
		if (size > MAX_FILE_BYTES) throw new RangeError(`${size} bytes; at most ${MAX_FILE_BYTES} are kept`);
		const old = this.#head(name);
		const generation = old?.[0] === 1 ? 2 : 1;
		this.#deletePieces(name, generation); // of one that was cut off
		let pieces = 0;
		return {
			write: (bytes) => {
				this.#domain.write(keyOf(name, generation, pieces), bytes);
				pieces += 1;
			},
			complete: (sha256) => {
				const head = new Uint8Array(HEAD_BYTES);
				head[0] = generation;
				new DataView(head.buffer).setUint32(1, size, true);
				head.set(sha256, 5);
				this.#domain.write(name, head);
				if (old !== undefined) this.#deletePieces(name, old[0] as number);
			},
		};
	}

	/** With its pieces, also where a power cut has left nothing but those. @returns whether there was one */
	delete(name: string): boolean {
		const head = this.#head(name);
		if (head !== undefined) this.#domain.delete(name);
		for (const generation of [1, 2]) this.#deletePieces(name, generation);
		return head !== undefined;
	}

	/** From the last to the first: after a power cut the rest is found again. */
	#deletePieces(name: string, generation: number): void {
		let pieces = 0;
		while (this.#read(keyOf(name, generation, pieces)) !== undefined) pieces += 1;
		while (pieces > 0) {
			pieces -= 1;
			this.#domain.delete(keyOf(name, generation, pieces));
		}
	}

	#head(name: string): Uint8Array | undefined {
		const head = this.#read(name);
		return head?.byteLength === HEAD_BYTES ? head : undefined;
	}

	#read(key: string): Uint8Array | undefined {
		const value = this.#domain.read(key);
		return value === undefined ? undefined : new Uint8Array(value as ArrayBuffer);
	}
}

function sizeOf(head: Uint8Array): number {
	return new DataView(head.buffer).getUint32(1, true);
}

function keyOf(name: string, generation: number, piece: number): string {
	return `${name}.${generation}${piece < 10 ? "0" : ""}${piece}`;
}
