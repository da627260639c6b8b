import type { Handler, Job, JobContext } from "../agent/handler.js";
import { toHex } from "../base/hex.js";
import { isTextOf, LOWER_NAME } from "../base/text.js";
import { later } from "../base/timer.js";
import { type RequestedFile, readFile } from "../download/file-document.js";
import { FileDownload } from "../download/file-download.js";
import type { HttpNetwork } from "../link/http.js";
import type { JobDocument } from "../protocol/messages.js";
import { MAX_NAME_LENGTH, StoredFiles, type StoredFileWriter } from "../storage/stored-files.js";

/**
 * The document of the `file` operation: a small file that the application reads, such as a bundle of certificates.
 */
export interface FileDocument extends JobDocument {
	operation: "file";
	/** The name under which the application finds it. @pattern ^[a-z0-9_-]+$ @maxLength 11 */
	name: string;
	/** Where the file is. @pattern ^(https://|[$][{]aws:iot:s3-presigned-url:https://) @maxLength 2048 */
	url?: string;
	/** The MQTT file stream that has it. @pattern ^[a-zA-Z0-9_-]+$ @maxLength 128 */
	streamId?: string;
	/** Its file in the stream. Default 0. @asType integer @minimum 0 @maximum 255 */
	fileId?: number;
	/** In bytes. @asType integer @minimum 1 @maximum 65536 */
	size: number;
	/** @pattern ^[0-9a-fA-F]{64}$ */
	sha256: string;
	/** As in the `ota` operation. @maxLength 684 */
	signature?: string;
}

export interface FileOptions {
	/** As for `OtaOptions`. */
	readonly network: () => HttpNetwork;
	readonly publicKey?: (() => Uint8Array | undefined) | undefined;
	/** Whether a file without a signature is refused. Default false. */
	readonly requireSignature?: boolean | undefined;
}

/**
 * `{"operation": "file", ...}`: brings a file into the storage. The old one is read until the new one is whole and checked; then
 * the new one, from one moment to the next.
 */
export class FileHandler implements Handler {
	readonly operation = "file";
	readonly #options: FileOptions;
	#fetching: FileDownload | undefined;

	constructor(options: FileOptions) {
		this.#options = options;
	}

	/** Also after a reset: the file is there, or it is fetched anew. */
	start(job: Job, context: JobContext): void {
		const { name } = job.document;
		const file = readFile(job.document);
		if (!isTextOf(LOWER_NAME, MAX_NAME_LENGTH, name))
			return context.reject("invalidDocument", { error: `name: 1 to ${MAX_NAME_LENGTH} of a-z 0-9 _ -` });
		if (typeof file === "string") return context.reject("invalidDocument", { error: file });
		const { requireSignature = false } = this.#options;
		if (requireSignature && file.signature === undefined) return context.reject("signatureMissing");
		const files = new StoredFiles();
		const old = files.find(name);
		if (old?.size === file.size && old.sha256 === toHex(file.sha256 as Uint8Array)) return context.succeed({ name });
		context.gate("download", () => this.#fetch(name, file, files, context));
	}

	cancel(): void {
		this.#fetching?.close();
		this.#fetching = undefined;
	}

	#fetch(name: string, file: RequestedFile, files: StoredFiles, context: JobContext): void {
		const { network, publicKey, requireSignature = false } = this.#options;
		let writer: StoredFileWriter | undefined;
		try {
			this.#fetching = new FileDownload({
				context,
				target: {
					refusal: "fileRejected",
					open: (size) => {
						writer = files.open(name, size);
						return { write: writer.write, complete: () => undefined, close: () => undefined };
					},
					problemOf: () => undefined,
				},
				file,
				trust: { publicKey: publicKey?.(), requireSignature },
				network,
				urlOf: (document) => {
					const renewed = readFile(document);
					return typeof renewed === "string" ? undefined : renewed.url;
				},
				onPart: () => undefined,
				onFile: (_writer, digest) => {
					this.#fetching = undefined;
					writer?.complete(digest);
					context.succeed({ name });
				},
			});
		} catch (error) {
			return context.fail("fileRejected", { error: String(error) });
		}
		this.#fetching.start(undefined, (callback) => void later(context.guard(callback), 0, context));
	}
}
