// A file from its source to its sink, over lost connections and resets. For the handlers that bring files.
import type { JobContext } from "../agent/handler.js";
import { Backoff } from "../base/backoff.js";
import type { HttpNetwork } from "../link/http.js";
import { CheckedFile, type FileProblem, type Trust } from "./checked-file.js";
import { SECTOR_BYTES } from "./checkpoints.js";
import { type RequestedFile, readFile, type StreamedFile } from "./file-document.js";
import { HttpsTransfer } from "./https-transfer.js";
import type { SavedPart, Sink } from "./sink.js";
import { StreamTransfer } from "./stream-transfer.js";
import type { RetryRule, Transfer, TransferListener } from "./transfer.js";
import type { HttpsUrl } from "./url.js";

/**
 * Tries without a new byte before the job fails. Between them exponential back-off with full jitter: some twenty minutes in all,
 * in which a router has started again.
 */
const MAX_TRIES = 15;
/** A fresh URL that is refused has not expired: after so many in a row no other is asked for. */
const MAX_RENEWALS = 5;
const RETRY_BASE_MS = 2_000;
const RETRY_CAP_MS = 300_000;

/** What an application decides about downloads. */
export interface DownloadOptions extends Trust {
	/** Makes what a download over HTTPS needs, when one starts: the CA is in memory for that time alone. */
	readonly network: () => HttpNetwork;
}

/**
 * Brings the file of a job to its sink, or fails the job. A stream is tried before the URL; after a lost connection or a reset
 * the download goes on where it was, and a URL that has expired is asked for anew.
 */
export class FileDownload implements TransferListener {
	private readonly context: JobContext;
	private readonly requested: RequestedFile;
	private readonly options: DownloadOptions;
	private readonly file: CheckedFile;
	private readonly backoff = new Backoff(RETRY_BASE_MS, RETRY_CAP_MS);
	private transfer: Transfer | undefined;
	private url: HttpsUrl | undefined;
	/** Undefined once the stream was given up for the URL. */
	private stream: StreamedFile | undefined;
	private tries = 0;
	/** Bytes that had come at the last failure. */
	private receivedBefore = 0;

	constructor(context: JobContext, requested: RequestedFile, sink: Sink, options: DownloadOptions) {
		this.context = context;
		this.requested = requested;
		this.options = options;
		this.url = requested.url;
		this.stream = requested.stream;
		this.file = new CheckedFile(sink, requested, options);
	}

	/** @param part what a checkpoint says is in the sink already */
	start(part?: SavedPart): void {
		if (!this.open()) return;
		const { size } = this.requested;
		const isUsable = part && ((part.count % SECTOR_BYTES === 0 && part.count < size) || part.count === size);
		if (isUsable) this.context.after(0, () => this.restore(part));
		else this.fetchIn(0);
	}

	close(): void {
		this.transfer?.close();
		this.transfer = undefined;
		this.file.close();
	}

	// ---- what the transfer calls

	log(text: string): void {
		this.context.log(text);
	}

	onStart(offset: number, etag: string | undefined): void {
		if (!this.file.begin(offset, etag)) this.log("the download starts again: the server sends the whole file");
	}

	onData(bytes: Uint8Array): void {
		const { written } = this.file;
		this.took(written, this.file.add(bytes));
	}

	get room(): Uint8Array {
		return this.file.room;
	}

	onFilled(count: number): void {
		const { written } = this.file;
		this.took(written, this.file.fill(count));
	}

	private took(writtenBefore: number, problem: FileProblem | undefined): void {
		// Bytes that trickle are no sign of life; what was written is.
		if (this.file.written > writtenBefore) this.context.alive();
		if (problem !== undefined) this.failed(problem);
	}

	/** Checking a signature needs the stack, on which the network's frames still lie. */
	onDone(): void {
		this.context.after(0, () => {
			this.transfer = undefined;
			const problem = this.file.finish();
			if (problem !== undefined) this.failed(problem);
		});
	}

	onAlive(): void {
		this.context.alive();
	}

	onError(error: string, rule: RetryRule): void {
		this.transfer = undefined;
		this.failed({ reason: "downloadFailed", error, rule });
	}

	// ---- attempts

	private open(): boolean {
		const problem = this.file.open();
		if (problem !== undefined) this.context.fail(problem.reason, { error: problem.error });
		return problem === undefined;
	}

	private fetchIn(milliseconds: number): void {
		this.context.after(milliseconds, () => this.fetch());
	}

	private fetch(): void {
		const { context, file, stream, options } = this;
		const { size } = this.requested;
		const from = file.received;
		if (stream !== undefined) {
			context.log(`fetches ${size - from} bytes by the stream ${stream.streamId}`);
			this.transfer = new StreamTransfer(context, stream, { size, from }, this);
		} else {
			const url = this.url as HttpsUrl;
			context.log(`fetches ${size - from} bytes from ${url.host}:${url.port}`);
			this.transfer = new HttpsTransfer(options.network, url, { from, etag: file.etag }, this);
		}
		this.transfer.start();
	}

	private failed({ reason, error, rule }: FileProblem): void {
		const { context, file } = this;
		const { received } = file;
		context.log(`${reason}: ${error}`);
		context.alive(); // it is tried again, and does not hang
		// As long as something comes, it goes on.
		this.tries = received > this.receivedBefore ? 1 : this.tries + 1;
		this.receivedBefore = received;
		if (rule === "none" && reason === "downloadFailed" && this.stream !== undefined && this.url !== undefined) {
			context.log("the stream cannot be read: goes on by the URL");
			this.stream = undefined;
			return this.fetchIn(0);
		}
		if (rule === "none" || this.tries >= (rule === "renew" ? MAX_RENEWALS : MAX_TRIES)) {
			context.fail(reason, { error, tries: String(this.tries) });
			return this.close();
		}
		if (rule === "retry") return this.fetchIn(this.backoff.next());
		context.refresh((document) => {
			const { read = readFile } = this.requested;
			const renewed = read(document);
			if (typeof renewed !== "string" && renewed.url !== undefined) this.url = renewed.url;
			this.fetch();
		});
	}

	/** One sector a turn of the machine's loop, so that other callbacks run in between. */
	private restore(part: SavedPart): void {
		const { context, file } = this;
		const isSame = file.restore(part);
		if (isSame === undefined) return context.after(0, () => this.restore(part));
		if (!isSame) {
			context.log("starts again: what was fetched before the reset is not there any more");
			return this.open() ? this.fetch() : undefined;
		}
		context.log(`goes on at ${file.written} bytes`);
		if (file.written === this.requested.size) this.onDone();
		else this.fetch();
	}
}
