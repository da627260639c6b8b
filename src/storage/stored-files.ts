import KeyValue, { type Storage } from "embedded:storage/key-value";

/** What is kept of a file beside its pieces. */
export interface StoredFile {
	/** Bytes. */
	readonly size: number;
	readonly sha256: string;
}

/** Bytes of a piece: a value of NVS this long fits one of its pages, with its head. */
export const PIECE_BYTES = 2_048;
/** Names of NVS have at most 15 characters: the file's, a dot, the generation, two digits of the piece. */
export const MAX_NAME_LENGTH = 11;
/** Larger files belong in a partition of their own. */
export const MAX_FILE_BYTES = 65_536;

const HEAD_BYTES = 1 + 4 + 32;

/**
 * Small files in the platform's key-value storage, each in pieces: a certificate bundle, a table, a setting. Jobs bring them, the
 * application reads them. A file has two generations, and its head says which one counts: a power cut leaves the old file or the
 * new one, whole.
 */
export class StoredFiles {
	private readonly domain: Storage;

	/** @throws when the storage cannot be opened */
	constructor() {
		this.domain = KeyValue.open({ path: "iot-files", mode: "r+", format: "buffer" });
	}

	/** @returns undefined when there is no such file */
	find(name: string): StoredFile | undefined {
		const head = readHead(this.domain, name);
		return head && { size: sizeOf(head), sha256: head.subarray(5).toHex() };
	}

	/** The n-th piece of a file, PIECE_BYTES long but for the last. @returns undefined past its end */
	read(name: string, piece: number): Uint8Array | undefined {
		const head = readHead(this.domain, name);
		if (head === undefined || piece * PIECE_BYTES >= sizeOf(head)) return undefined;
		return read(this.domain, keyOf(name, head[0] as number, piece));
	}

	/** @throws when the file is too large */
	open(name: string, size: number): StoredFileWriter {
		if (size > MAX_FILE_BYTES) throw new RangeError(`${size} bytes; at most ${MAX_FILE_BYTES} are kept`);
		return new StoredFileWriter(this.domain, name, size);
	}

	/** With its pieces, also where a power cut has left nothing but those. @returns whether there was one */
	delete(name: string): boolean {
		const { domain } = this;
		const wasThere = readHead(domain, name) !== undefined;
		if (wasThere) domain.delete(name);
		deletePieces(domain, name, 1);
		deletePieces(domain, name, 2);
		return wasThere;
	}
}

/** A file on its way into the storage, beside the one of the same name. */
export class StoredFileWriter {
	private readonly domain: Storage;
	private readonly name: string;
	private readonly size: number;
	private readonly generation: number;
	private pieces = 0;

	constructor(domain: Storage, name: string, size: number) {
		this.domain = domain;
		this.name = name;
		this.size = size;
		this.generation = readHead(domain, name)?.[0] === 1 ? 2 : 1;
		deletePieces(domain, name, this.generation); // of a file that did not come to its end
	}

	/** The next piece. @throws when the storage is full: the old file stays */
	write(bytes: Uint8Array): void {
		this.domain.write(keyOf(this.name, this.generation, this.pieces), bytes);
		this.pieces += 1;
	}

	/** The new file is the one that is read from now on: the write of one key decides. */
	complete(sha256: Uint8Array): void {
		const { domain, name, generation } = this;
		const old = readHead(domain, name);
		const head = new Uint8Array(HEAD_BYTES);
		head[0] = generation;
		new DataView(head.buffer).setUint32(1, this.size, true);
		head.set(sha256, 5);
		domain.write(name, head);
		if (old !== undefined) deletePieces(domain, name, old[0] as number);
	}
}

function read(domain: Storage, key: string): Uint8Array | undefined {
	const value = domain.read(key);
	return value === undefined ? undefined : new Uint8Array(value as ArrayBuffer);
}

/** Generation (u8), size (u32, little endian), SHA-256. */
function readHead(domain: Storage, name: string): Uint8Array | undefined {
	const head = read(domain, name);
	return head?.byteLength === HEAD_BYTES ? head : undefined;
}

function sizeOf(head: Uint8Array): number {
	return new DataView(head.buffer).getUint32(1, true);
}

/** From the last to the first: after a power cut the rest is found again. */
function deletePieces(domain: Storage, name: string, generation: number): void {
	let pieces = 0;
	while (read(domain, keyOf(name, generation, pieces)) !== undefined) pieces += 1;
	while (pieces > 0) {
		pieces -= 1;
		domain.delete(keyOf(name, generation, pieces));
	}
}

function keyOf(name: string, generation: number, piece: number): string {
	return `${name}.${generation}${piece < 10 ? "0" : ""}${piece}`;
}
