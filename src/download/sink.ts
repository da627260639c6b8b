/** Where a downloaded file goes: into the flash, the storage, or memory. Each job that brings a file has one. */
export interface Sink {
	/** With this reason the job fails when the file is refused here. */
	readonly refusalReason: "imageRejected" | "fileRejected";
	/** Called once more when the download starts again. @throws when a file of this many bytes does not fit */
	open(byteLength: number): SinkWriter;
	/** Looks at the file's first bytes: 2,048 of them, or all. @returns what is wrong with them */
	check?(head: Uint8Array): string | undefined;
	/** Reads what was written before a reset. Without it a reset begins the download anew. @throws where nothing can be read */
	readBack?(byteLength: number, offset: number): ArrayBuffer;
	/** A part of the file is written, and can be read back after a reset: the place for a checkpoint. */
	onPart?(part: SavedPart): void;
	/** The whole file is written, and it is the right one. @param sha256 its digest */
	complete(sha256: Uint8Array): void;
}

export interface SinkWriter {
	/** Appends. @throws when the storage fails or the file is longer than was said */
	write(bytes: Uint8Array): void;
	/** Leaves as it is what was written before a reset. With `readBack`. */
	keep?(byteLength: number): void;
	/** Gives the file up. Not called once the sink was told to complete it. */
	close?(): void;
}

/** What a checkpoint keeps of a download. */
export interface SavedPart {
	/** Bytes: whole sectors, or the whole file. */
	readonly count: number;
	/** The part's SHA-256. */
	readonly digest: Uint8Array;
	/** What the server calls the file that the part is of. */
	readonly etag: string | undefined;
}
