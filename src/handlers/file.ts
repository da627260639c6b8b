import type { Handler, Job, JobContext } from "../agent/handler.js";
import { isTextOf, LOWER_NAME } from "../base/text.js";
import { FILE_MEMBERS, type FileLocation, readFile } from "../download/file-document.js";
import { type DownloadOptions, FileDownload } from "../download/file-download.js";
import type { Sink, SinkWriter } from "../download/sink.js";
import { MAX_NAME_LENGTH, StoredFiles, type StoredFileWriter } from "../storage/stored-files.js";

/**
 * The document of the `file` operation: a small file that the application reads, such as a bundle of certificates.
 */
export interface FileDocument extends FileLocation {
	operation: "file";
	/** The name under which the application finds it. @pattern ^[a-z0-9_-]+$ @maxLength 11 */
	name: string;
	/** In bytes. @asType integer @minimum 1 @maximum 65536 */
	size: number;
	/** @pattern ^[0-9a-fA-F]{64}$ */
	sha256: string;
	/** As in the `ota` operation. @maxLength 684 */
	signature?: string;
}

/**
 * `{"operation": "file", ...}`: brings a file into the storage. The application reads the old one until the new one is whole and
 * checked, and then the new one, from one moment to the next.
 */
export class FileHandler implements Handler {
	readonly operation = "file";
	private readonly options: DownloadOptions;
	private download: FileDownload | undefined;

	constructor(options: DownloadOptions) {
		this.options = options;
	}

	get members(): string {
		return `${FILE_MEMBERS}name `;
	}

	/** Also after a reset: the file is there by then, or it is fetched from its beginning. */
	start({ document }: Job, context: JobContext): void {
		const { name } = document;
		if (!isTextOf(LOWER_NAME, MAX_NAME_LENGTH, name)) {
			return context.reject("invalidDocument", { error: `name: 1 to ${MAX_NAME_LENGTH} of a-z 0-9 _ -` });
		}
		const file = readFile(document);
		if (typeof file === "string") return context.reject("invalidDocument", { error: file });
		if (this.options.requireSignature && file.signature === undefined) return context.reject("signatureMissing");
		const files = new StoredFiles();
		const old = files.find(name);
		if (old?.size === file.size && old.sha256 === file.sha256?.toHex()) return context.succeed({ name });
		context.gate("download", () => {
			const sink = new StoredFileSink(files, name, () => {
				this.download = undefined;
				context.succeed({ name });
			});
			this.download = new FileDownload(context, file, sink, this.options);
			this.download.start();
		});
	}

	cancel(): void {
		this.download?.close();
		this.download = undefined;
	}
}

/** The file of one job, on its way into the storage. */
class StoredFileSink implements Sink {
	readonly refusalReason = "fileRejected";
	private readonly files: StoredFiles;
	private readonly name: string;
	private readonly onStored: () => void;
	private writer: StoredFileWriter | undefined;

	constructor(files: StoredFiles, name: string, onStored: () => void) {
		this.files = files;
		this.name = name;
		this.onStored = onStored;
	}

	open(byteLength: number): SinkWriter {
		this.writer = this.files.open(this.name, byteLength);
		return this.writer;
	}

	complete(sha256: Uint8Array): void {
		this.writer?.complete(sha256);
		this.onStored();
	}
}
