import type Timer from "timer";
import { later } from "../base/timer.js";

/** What may go better, and how. */
export type RetryRule =
	/** The same again, later. */
	| "retry"
	/** The URL is no longer good: presigned ones expire. */
	| "renew"
	| "none";

/** Where to go on in a file of which a part has come. */
export interface ResumeAt {
	readonly from: number;
	/** What the server called the file that the part is of. */
	readonly etag: string | undefined;
}

/** Whom a file is brought to. */
export interface TransferListener {
	/** What comes begins at this offset of the file: 0 when the server did not grant the range. */
	onStart(offset: number, etag: string | undefined): void;
	/** The next bytes, in order; valid during the call alone. What this throws ends the transfer, and goes to `onError`. */
	onData(bytes: Uint8Array): void;
	/** The whole file has come. */
	onDone(): void;
	/** A sign of life, though nothing can come for now: the connection is made anew. */
	onAlive(): void;
	onError(reason: string, remedy: RetryRule): void;
	log(text: string): void;
}

/**
 * The whole file has come: what follows, a signature's check say, needs the stack that the network's callbacks lie on.
 *
 * @returns the timer that calls onDone
 */
export function doneSoon(listener: TransferListener): Timer {
	return later(
		() => {
			try {
				listener.onDone();
			} catch (error) {
				listener.onError(String(error), "none");
			}
		},
		0,
		listener,
	);
}

/** A file on its way. It ends with exactly one of onDone and onError, or with close(). */
export interface Transfer {
	close(): void;
}
