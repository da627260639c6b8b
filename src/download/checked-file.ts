import { Digest } from "crypt";
import { equalBytes } from "../base/bytes.js";
import { isSigned } from "../crypto/signature.js";
import type { Reason } from "../protocol/reasons.js";
import type { RequestedFile } from "./file-document.js";
import { PartDigest, SECTOR_BYTES } from "./part-digest.js";
import type { Sink, SinkWriter } from "./sink.js";
import type { ResumeAt, RetryRule, Transfer, TransferListener } from "./transfer.js";

export interface VerifiedDownloadListener {
	/** A part of the file is in the storage, and can be found there again after a reset. */
	onPart(part: SavedPart): void;
	/** The file is whole, and it is the right one; it does not count yet. @param digest its SHA-256 */
	onFile(writer: SinkWriter, digest: Uint8Array): void;
	onFailed(reason: Reason, error: string, remedy: RetryRule): void;
	/** A sign of life: a piece has come, or the connection is made anew. */
	onAlive(): void;
	log(text: string): void;
}

/** Whose files are taken. */
export interface Trust {
	/** SubjectPublicKeyInfo, DER. */
	readonly publicKey: Uint8Array | undefined;
	readonly requireSignature: boolean;
}

/** What a checkpoint keeps of a download. */
export interface SavedPart {
	/** Bytes: whole sectors. */
	readonly count: number;
	/** See `PartDigest`. */
	readonly digest: Uint8Array;
	readonly etag: string | undefined;
}

/** Begins a transfer: over HTTPS, or by a stream. */
export type Source = (range: ResumeAt, listener: TransferListener) => Transfer;

/** How long work takes its turns: `turn(callback)` calls it soon, from the machine's own loop. */
export type Turn = (callback: () => void) => void;

/** What is written at once: whole pages of the flash. */
const PIECE_BYTES = 2_048;

/**
 * Brings a file to its target: streamed, hashed, checked, never held whole in memory. After a lost connection or a reset it goes on
 * where it was, if the source lets it.
 */
export class CheckedFile {
	readonly #target: Sink;
	readonly #file: RequestedFile;
	readonly #trust: Trust;
	readonly #listener: VerifiedDownloadListener;
	readonly #piece = new Uint8Array(PIECE_BYTES);
	/** Bytes in `#piece`. */
	#filled = 0;
	/** Bytes given to the target. */
	#written = 0;
	#digest = new Digest("SHA256");
	#parts: PartDigest;
	#writer: SinkWriter | undefined;
	#transfer: Transfer | undefined;
	#etag: string | undefined;
	/** Nothing but the digest at the end says that all parts are of one file: when it is another one, all is fetched once more. */
	#isPieced = false;

	/** @throws when the file does not fit */
	constructor(target: Sink, file: RequestedFile, trust: Trust, listener: VerifiedDownloadListener) {
		this.#target = target;
		this.#trust = trust;
		this.#file = file;
		this.#listener = listener;
		this.#parts = new PartDigest(file.size);
		this.#writer = target.open(file.size);
	}

	/** Bytes of the file that have come. */
	get received(): number {
		return this.#written + this.#filled;
	}

	/**
	 * After a reset: what a checkpoint says is in the storage is read, and written again, sector by sector, since a writer begins
	 * at the beginning. If it is not what it was, the download starts again.
	 */
	restore(part: SavedPart, turn: Turn, onRestored: () => void): void {
		const { count, etag } = part;
		if (count % SECTOR_BYTES !== 0 || count >= this.#file.size) return onRestored();
		let last: Uint8Array | undefined;
		const step = () => {
			const bytes = this.#readBack();
			if (bytes === undefined) return this.#restored(false, onRestored);
			last = this.#append(bytes);
			if (this.#written < count) turn(step);
			else this.#restored(last !== undefined && equalBytes(last, part.digest), onRestored);
		};
		this.#etag = etag;
		turn(step);
	}

	/** Begins, or goes on after onFailed with a remedy. */
	fetch(source: Source): void {
		this.#transfer = source(
			{ from: this.received, etag: this.#etag },
			{
				onStart: (offset, etag) => this.#start(offset, etag),
				onData: (bytes) => this.#data(bytes),
				onDone: () => this.#done(),
				onAlive: () => this.#listener.onAlive(),
				onError: (error, remedy) => this.#failed(error, remedy),
				log: (text) => this.#listener.log(text),
			},
		);
	}

	/** Gives up what is not complete: the target is left as it is. */
	close(): void {
		this.#transfer?.close();
		this.#transfer = undefined;
		const writer = this.#writer;
		this.#writer = undefined;
		writer?.close();
	}

	#readBack(): Uint8Array | undefined {
		try {
			const bytes = this.#target.readBack?.(SECTOR_BYTES, this.#written);
			return bytes && new Uint8Array(bytes);
		} catch {
			return undefined;
		}
	}

	#restored(isSame: boolean, onRestored: () => void): void {
		if (isSame) {
			this.#isPieced = true;
			this.#listener.log(`goes on at ${this.#written} bytes`);
		} else {
			this.#listener.log("starts again: what was fetched before the reset is not there any more");
			this.#startAgain();
		}
		onRestored();
	}

	#startAgain(): void {
		this.#writer?.close();
		this.#writer = this.#target.open(this.#file.size);
		this.#digest = new Digest("SHA256");
		this.#parts = new PartDigest(this.#file.size);
		this.#written = this.#filled = 0;
		this.#isPieced = false;
		this.#etag = undefined;
	}

	/** From its beginning, when the server does not give the rest or has another file by now. */
	#start(offset: number, etag: string | undefined): void {
		if (offset !== this.received) {
			this.#listener.log("the download starts again: the server sends the whole file");
			this.#startAgain();
		}
		if (offset > 0 && etag === undefined) this.#isPieced = true;
		this.#etag = etag;
	}

	#data(bytes: Uint8Array): void {
		const { size } = this.#file;
		if (this.received + bytes.byteLength > size) return this.#refuse("sizeMismatch", `more than ${size} bytes`);
		for (let at = 0; at < bytes.byteLength && this.#writer !== undefined; ) {
			if (this.#filled === 0 && bytes.byteLength - at >= PIECE_BYTES) {
				this.#flush(bytes.subarray(at, at + PIECE_BYTES));
				at += PIECE_BYTES;
				continue;
			}
			const end = Math.min(bytes.byteLength, at + PIECE_BYTES - this.#filled);
			this.#piece.set(bytes.subarray(at, end), this.#filled);
			this.#filled += end - at;
			at = end;
			if (this.#filled === PIECE_BYTES) this.#flushPiece();
		}
	}

	#flushPiece(): void {
		const { byteLength } = this.#piece;
		const piece = this.#filled === byteLength ? this.#piece : this.#piece.subarray(0, this.#filled);
		this.#filled = 0;
		this.#flush(piece);
	}

	#flush(piece: Uint8Array): void {
		this.#listener.onAlive();
		const problem = this.#written === 0 ? this.#target.problemOf(piece) : undefined;
		if (problem !== undefined) return this.#refuse(this.#target.refusal, problem);
		let digest: Uint8Array | undefined;
		try {
			digest = this.#append(piece);
		} catch (error) {
			return this.#refuse(this.#target.refusal, String(error));
		}
		if (digest === undefined || this.#written >= this.#file.size) return;
		this.#listener.onPart({ count: this.#written, digest, etag: this.#etag });
	}

	#append(bytes: Uint8Array): Uint8Array | undefined {
		this.#writer?.write(bytes);
		this.#digest.write(bytes);
		this.#written += bytes.byteLength;
		return this.#parts.write(bytes);
	}

	#done(): void {
		if (this.#filled > 0) this.#flushPiece();
		const writer = this.#writer;
		if (writer === undefined) return; // what was written last was refused
		const { size, sha256 } = this.#file;
		if (this.#written !== size) return this.#refuse("sizeMismatch", `${this.#written} of ${size} bytes`);
		const digest = new Uint8Array(this.#digest.close());
		if (sha256 !== undefined && !equalBytes(digest, sha256)) {
			return this.#isAnother("digestMismatch", "the SHA-256 is another one");
		}
		if (!this.#isTrusted(digest)) {
			const whole = sha256 !== undefined; // then the file is the one that is meant: fetching it again changes nothing
			const error = "not signed by the key that is trusted";
			return whole ? this.#refuse("signatureInvalid", error) : this.#isAnother("signatureInvalid", error);
		}
		this.#writer = undefined;
		this.#listener.onFile(writer, digest);
	}

	/** Without a key a signature says nothing; where one is demanded, that is not enough. */
	#isTrusted(digest: Uint8Array): boolean {
		const { publicKey, requireSignature } = this.#trust;
		const { signature, sha256 } = this.#file;
		if (publicKey === undefined || signature === undefined) return !requireSignature && sha256 !== undefined;
		return isSigned(publicKey, digest, signature);
	}

	#isAnother(reason: Reason, error: string): void {
		if (!this.#isPieced) return this.#refuse(reason, error);
		this.#startAgain();
		this.#listener.onFailed(reason, `${error}: all is fetched again`, "retry");
	}

	#refuse(reason: Reason, error: string): void {
		this.close();
		this.#listener.onFailed(reason, error, "none");
	}

	#failed(error: string, remedy: RetryRule): void {
		this.#transfer = undefined;
		this.#listener.onFailed("downloadFailed", error, remedy);
	}
}
