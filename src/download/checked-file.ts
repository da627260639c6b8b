import { Digest } from "crypt";
import { equalBytes } from "../base/bytes.js";
import { isSigned } from "../crypto/signature.js";
import type { Reason } from "../protocol/reasons.js";
import { checkpointInterval, SECTOR_BYTES } from "./checkpoints.js";
import type { RequestedFile } from "./file-document.js";
import type { SavedPart, Sink, SinkWriter } from "./sink.js";
import type { RetryRule } from "./transfer.js";

/** Whose files are taken. */
export interface Trust {
	/** The key whose signatures count: SubjectPublicKeyInfo, DER. It returns undefined when none is built in. */
	readonly publicKey?: (() => Uint8Array | undefined) | undefined;
	/** Whether a file without a signature is refused. Default false. */
	readonly requireSignature?: boolean | undefined;
}

/** Why a file is not taken. */
export interface FileProblem {
	readonly reason: Reason;
	readonly error: string;
	/** `retry` is said of a file whose sink is empty again: all of it may be fetched once more. */
	readonly rule: RetryRule;
}

/** Bytes that are written at once: whole pages of the flash. */
const PIECE_BYTES = 2_048;

/**
 * A file on its way into its sink: hashed, checked, never held whole in memory. Bytes go in, and what is wrong with them comes
 * out; where they come from is `FileDownload`'s business.
 */
export class CheckedFile {
	/** What the server calls the file that the bytes so far are of. */
	etag: string | undefined;
	/** Bytes in the sink. */
	written = 0;
	private readonly sink: Sink;
	private readonly file: RequestedFile;
	private readonly trust: Trust;
	/** Bytes that are too few to be written yet. */
	private readonly piece = new Uint8Array(PIECE_BYTES);
	private filled = 0;
	private digest!: Digest;
	/** Bytes between two checkpoints. */
	private readonly interval: number;
	/** Undefined unless a file is open. */
	private writer: SinkWriter | undefined;
	/** The parts may be of different files, which only the digest of the whole would show. */
	private isPieced = false;

	constructor(sink: Sink, file: RequestedFile, trust: Trust) {
		this.sink = sink;
		this.file = file;
		this.trust = trust;
		this.interval = checkpointInterval(file.size);
	}

	/** Before the first byte. */
	open(): FileProblem | undefined {
		try {
			this.startAgain();
			return undefined;
		} catch (error) {
			return refusal(this.sink.refusalReason, String(error));
		}
	}

	/** Bytes of the file that have come. */
	get received(): number {
		return this.written + this.filled;
	}

	/**
	 * After a reset: reads one sector of the part that a checkpoint names, which is not written again.
	 *
	 * @returns undefined while there is more; at the end whether the part is what it was. If not, the file is to be opened again
	 */
	restore({ count, digest, etag }: SavedPart): boolean | undefined {
		const { sink, written } = this;
		try {
			const read = sink.readBack?.(Math.min(SECTOR_BYTES, count - written), written);
			if (read === undefined) return false;
			const bytes = new Uint8Array(read);
			// An erased flash shows at once.
			if (written === 0 && sink.check?.(bytes.subarray(0, PIECE_BYTES)) !== undefined) return false;
			this.writer?.keep?.(bytes.byteLength);
			this.count(bytes);
			if (this.written < count) return undefined;
			this.isPieced = true;
			this.etag = etag;
			return equalBytes(new Uint8Array(this.digest.close(true)), digest);
		} catch {
			return false; // nothing can be read there
		}
	}

	/** A transfer begins. @returns false when its first byte is not the next one: what came before is dropped */
	begin(offset: number, etag: string | undefined): boolean {
		const goesOn = offset === this.received;
		if (!goesOn) this.startAgain();
		if (offset > 0 && etag === undefined) this.isPieced = true;
		this.etag = etag;
		return goesOn;
	}

	/** The next bytes, in order. They were copied or written when this returns. */
	add(bytes: Uint8Array): FileProblem | undefined {
		const { size } = this.file;
		if (this.received + bytes.byteLength > size) return tooLong(size);
		let problem: FileProblem | undefined;
		for (let at = 0; at < bytes.byteLength && problem === undefined; ) {
			const end = Math.min(bytes.byteLength, at + PIECE_BYTES - this.filled);
			const part = bytes.subarray(at, end);
			at = end;
			if (part.byteLength === PIECE_BYTES) {
				problem = this.write(part);
				continue;
			}
			this.piece.set(part, this.filled);
			problem = this.fill(part.byteLength);
		}
		return problem;
	}

	/** Where the next bytes may be put, in place of `add`. */
	get room(): Uint8Array {
		return this.filled === 0 ? this.piece : this.piece.subarray(this.filled);
	}

	/** So many were put there. */
	fill(count: number): FileProblem | undefined {
		const { size } = this.file;
		if (this.received + count > size) return tooLong(size);
		this.filled += count;
		return this.filled === PIECE_BYTES ? this.writePiece() : undefined;
	}

	/** All bytes have come: checks the file as a whole, and has the sink complete the right one. */
	finish(): FileProblem | undefined {
		const problem = this.filled > 0 ? this.writePiece() : undefined;
		if (problem !== undefined) return problem;
		const { size, sha256 } = this.file;
		if (this.written !== size) return refusal("sizeMismatch", `${this.written} of ${size} bytes`);
		const digest = new Uint8Array(this.digest.close());
		if (sha256 !== undefined && !equalBytes(digest, sha256)) {
			return this.wrongFile("digestMismatch", "the SHA-256 is another one");
		}
		if (!this.isTrusted(digest)) {
			const error = "not signed by the key that is trusted";
			// With the right SHA-256 it is the file that is meant: fetching it again changes nothing.
			return sha256 === undefined ? this.wrongFile("signatureInvalid", error) : refusal("signatureInvalid", error);
		}
		this.writer = undefined;
		this.sink.complete(digest);
		return undefined;
	}

	/** Gives up what is not complete. */
	close(): void {
		const { writer } = this;
		this.writer = undefined;
		writer?.close?.();
	}

	/** Begins with an empty file. @throws when it does not fit */
	private startAgain(): void {
		const { size } = this.file;
		this.close();
		this.writer = this.sink.open(size);
		this.digest = new Digest("SHA256");
		this.written = this.filled = 0;
		this.isPieced = false;
		this.etag = undefined;
	}

	private writePiece(): FileProblem | undefined {
		const { piece, filled } = this;
		this.filled = 0;
		return this.write(filled === PIECE_BYTES ? piece : piece.subarray(0, filled));
	}

	private write(piece: Uint8Array): FileProblem | undefined {
		const { sink } = this;
		const problem = this.written === 0 ? sink.check?.(piece) : undefined;
		if (problem !== undefined) return refusal(sink.refusalReason, problem);
		try {
			this.writer?.write(piece);
			const digest = this.count(piece);
			const count = this.written;
			if (digest !== undefined && count < this.file.size) sink.onPart?.({ count, digest, etag: this.etag });
		} catch (error) {
			return refusal(sink.refusalReason, String(error));
		}
		return undefined;
	}

	/** Of bytes that are in the sink. @returns the digest so far, where a part ends */
	private count(bytes: Uint8Array): Uint8Array | undefined {
		this.digest.write(bytes);
		this.written += bytes.byteLength;
		return this.written % this.interval === 0 ? new Uint8Array(this.digest.close(true)) : undefined;
	}

	/** Without a key a signature says nothing, and the SHA-256 in the document has to do; unless a signature is demanded. */
	private isTrusted(digest: Uint8Array): boolean {
		const { publicKey, requireSignature } = this.trust;
		const { signature, sha256 } = this.file;
		const key = signature && publicKey?.();
		if (key === undefined || signature === undefined) return !requireSignature && sha256 !== undefined;
		return isSigned(key, digest, signature);
	}

	private wrongFile(reason: Reason, error: string): FileProblem {
		if (!this.isPieced) return refusal(reason, error);
		const problem = this.open();
		if (problem !== undefined) return problem;
		return { reason, error: `${error}: all is fetched again`, rule: "retry" };
	}
}

function tooLong(size: number): FileProblem {
	return refusal("sizeMismatch", `more than ${size} bytes`);
}

function refusal(reason: Reason, error: string): FileProblem {
	return { reason, error, rule: "none" };
}
