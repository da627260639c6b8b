import type { Logger } from "../base/log.js";

/** One way of fetching a file, or its rest, once. After `start` it ends with onDone, onError or close(), whichever comes first. */
export interface Transfer {
	start(): void;
	close(): void;
}

/** Callbacks of a `Transfer`. */
export interface TransferListener extends Logger {
	/** The bytes begin at this offset of the file: 0 when the server did not grant the range that was asked for. */
	onStart(offset: number, etag: string | undefined): void;
	/** The next bytes, in order; valid during the call alone. What this throws ends the transfer, and goes to `onError`. */
	onData(bytes: Uint8Array): void;
	/** Where the next bytes may be put, in place of `onData`: not empty. */
	readonly room: Uint8Array;
	/** So many were put there. What this throws ends the transfer, and goes to `onError`. */
	onFilled(count: number): void;
	/** The whole file has come. */
	onDone(): void;
	/** A sign of life while no bytes can come: the device connects anew. */
	onAlive(): void;
	onError(error: string, rule: RetryRule): void;
}

/** What to do after an error. */
export type RetryRule =
	/** The same again, later. */
	| "retry"
	/** Ask for another URL: presigned ones expire. */
	| "renew"
	/** Nothing helps. */
	| "none";

/** Where to go on in a file of which a part has come. */
export interface ResumeAt {
	readonly from: number;
	/** What the server called the file that the part is of. */
	readonly etag: string | undefined;
}
