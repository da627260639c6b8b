import type { JobContext } from "../agent/handler.js";
import { Backoff } from "../base/backoff.js";
import { later } from "../base/timer.js";
import type { HttpNetwork } from "../link/http.js";
import type { JobDocument } from "../protocol/messages.js";
import type { Reason } from "../protocol/reasons.js";
import { CheckedFile, type SavedPart, type Trust, type Turn } from "./checked-file.js";
import type { RequestedFile } from "./file-document.js";
import { HttpsTransfer } from "./https-transfer.js";
import type { Sink, SinkWriter } from "./sink.js";
import { StreamTransfer } from "./stream-transfer.js";
import type { ResumeAt, RetryRule, Transfer, TransferListener } from "./transfer.js";
import type { HttpsUrl } from "./url.js";

/**
 * Tries without a new byte before the job fails; between them exponential back-off with full jitter: some twenty minutes in all, in
 * which a router has started again.
 */
const MAX_TRIES = 15;
/** A URL that is refused when it is new is not refused for its age. */
const MAX_RENEWALS = 5;
const RETRY_BASE_MS = 2_000;
const RETRY_CAP_MS = 300_000;

/** What fetching a file needs. */
export interface FileDownloadOptions {
	readonly context: JobContext;
	readonly target: Sink;
	readonly file: RequestedFile;
	readonly trust: Trust;
	/** Makes what a download over HTTPS needs, at its start: the CA is not kept in memory between two updates. */
	readonly network: () => HttpNetwork;
	/** The URL in a document that was handed out anew. */
	readonly urlOf: (document: JobDocument) => HttpsUrl | undefined;
	readonly onPart: (part: SavedPart) => void;
	readonly onFile: (writer: SinkWriter, digest: Uint8Array) => void;
}

/**
 * Fetches the file of a job until it is there, or fails the job: by the stream where there is one, else by the URL, again after
 * what may pass, with a new URL where the old one has expired.
 */
export class FileDownload {
	readonly #options: FileDownloadOptions;
	readonly #download: CheckedFile;
	readonly #backoff = new Backoff(RETRY_BASE_MS, RETRY_CAP_MS);
	#url: HttpsUrl | undefined;
	#isStreamed: boolean;
	#tries = 0;
	#received = 0;

	/** @throws when the file does not fit */
	constructor(options: FileDownloadOptions) {
		this.#options = options;
		const { context, target, file, trust, onPart, onFile } = options;
		this.#url = file.url;
		this.#isStreamed = file.stream !== undefined;
		this.#download = new CheckedFile(target, file, trust, {
			onPart,
			onFile: context.guard((writer, digest) => onFile(writer, digest)),
			onAlive: () => context.alive(),
			onFailed: context.guard((reason, error, remedy) => {
				context.log(`${reason}: ${error}`);
				context.alive(); // it tries again, and does not hang
				const next = this.#next(reason, remedy);
				if (next === undefined) {
					this.close();
					return context.fail(reason, { error, tries: String(this.#tries) });
				}
				next();
			}),
			log: (text) => context.log(text),
		});
	}

	start(part: SavedPart | undefined, turn: Turn): void {
		if (part === undefined) this.#fetch();
		else this.#download.restore(part, turn, () => this.#fetch());
	}

	close(): void {
		this.#download.close();
	}

	/** @returns what to do after a failure; undefined when that was the last */
	#next(reason: Reason, remedy: RetryRule): (() => void) | undefined {
		const { context, urlOf } = this.#options;
		const { received } = this.#download;
		// As long as something comes, it goes on.
		this.#tries = received > this.#received ? 1 : this.#tries + 1;
		this.#received = received;
		const again = context.guard(() => this.#fetch());
		if (remedy === "none" && reason === "downloadFailed" && this.#isStreamed && this.#url !== undefined) {
			context.log("the stream cannot be read: goes on by the URL");
			this.#isStreamed = false;
			return again;
		}
		if (remedy === "none" || this.#tries >= (remedy === "renew" ? MAX_RENEWALS : MAX_TRIES)) return undefined;
		if (remedy === "retry") return () => later(again, this.#backoff.next(), context);
		return () =>
			context.refresh((document) => {
				this.#url = urlOf(document) ?? this.#url;
				again();
			});
	}

	#fetch(): void {
		this.#download.fetch((range, listener) => this.#open(range, listener));
	}

	#open(range: ResumeAt, listener: TransferListener): Transfer {
		const { context, file, network } = this.#options;
		const { stream, size } = file;
		if (this.#isStreamed && stream !== undefined) {
			const { streamId, fileId } = stream;
			context.log(`fetches ${size - range.from} bytes by the stream ${streamId}`);
			const open = context.stream.bind(context, streamId);
			return new StreamTransfer(open, { fileId, size, from: range.from }, listener);
		}
		const url = this.#url as HttpsUrl;
		context.log(`fetches ${size - range.from} bytes from ${url.host}:${url.port}`);
		return new HttpsTransfer(network(), url, range, listener);
	}
}
