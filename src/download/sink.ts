/** A file on its way to where it is kept. */
export interface SinkWriter {
	/** Appends. @throws when the storage fails or the file is longer than was said */
	write(bytes: Uint8Array): void;
	/** Makes the whole file the one that counts, at once or not at all. @throws when it is refused */
	complete(): void;
	/** Gives the file up, unless it is complete. */
	close(): void;
}

/** Where a download goes. */
export interface Sink {
	/** The reason for what is refused here. */
	readonly refusal: "imageRejected" | "fileRejected";
	/** @throws when a file of this many bytes does not fit */
	open(byteLength: number): SinkWriter;
	/** What is wrong with the file, as its first bytes show (2,048 of them, or all), or undefined. */
	problemOf(head: Uint8Array): string | undefined;
	/** Reads what was written before a reset; absent where that cannot be. @throws where nothing can be read */
	readBack?(byteLength: number, offset: number): ArrayBuffer;
}
