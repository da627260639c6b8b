// The rotate-certificate operation: another certificate and key, on trial.
import { Digest } from "crypt";
import type { Handler, Job, JobContext } from "../agent/handler.js";
import { fromBase64 } from "../base/bytes.js";
import type { Logger } from "../base/log.js";
import { contentOf } from "../crypto/der.js";
import { modulusOf } from "../crypto/rsa.js";
import { FILE_MEMBERS, type FileLocation, readFile } from "../download/file-document.js";
import { type DownloadOptions, FileDownload } from "../download/file-download.js";
import { MemorySink } from "../download/memory-sink.js";
import { readable } from "../protocol/members.js";
import type { JobDocument } from "../protocol/messages.js";
import { readCredentials, writeCredentials } from "../storage/credentials.js";
import { ChangeOnTrial, type TrialOptions } from "./change-on-trial.js";

/**
 * The document of the `rotate-certificate` operation: `iot-jobs rotate` writes it. The new certificate counts once the device has
 * connected with it and the Jobs service has answered; until then the old one is kept, and comes back. Certificate and key are in
 * the document, or in a file of JSON with the same two members, by a stream or a presigned URL: then those who may read documents do
 * not see keys.
 */
export interface RotateCertificateDocument extends FileLocation {
	operation: "rotate-certificate";
	/** X.509, DER in base64. @maxLength 2736 */
	certificate?: string;
	/** RSA, PKCS #8, DER in base64. @maxLength 3284 */
	privateKey?: string;
	/** The file's bytes. @asType integer @minimum 1 @maximum 6144 */
	size?: number;
	/** The file's. @pattern ^[0-9a-fA-F]{64}$ */
	sha256?: string;
}

/** `byUrl` and `byStream` as for `OtaOptions`. */
export type RotateCertificateOptions = TrialOptions & Pick<DownloadOptions, "byUrl" | "byStream">;

/** See `Handler.members`; and of the file that has them. */
const MEMBERS = `${FILE_MEMBERS}certificate privateKey `;
const NAMES = Object.freeze({ membersOf: () => MEMBERS }, true);
const MAX_CERTIFICATE_BYTES = 2_048;
const MAX_KEY_BYTES = 2_460;
/** Both in base64, and what JSON puts around them: held in memory for a moment. */
const MAX_FILE_BYTES = 6_144;

/** `{"operation": "rotate-certificate", ...}`: another certificate and key, on trial until the service was reached with them. */
export class RotateCertificateHandler implements Handler {
	private readonly options: RotateCertificateOptions;
	private readonly change: ChangeOnTrial;
	private download: FileDownload | undefined;

	constructor(options: RotateCertificateOptions) {
		this.options = options;
		this.change = new ChangeOnTrial(options);
	}

	get operation(): string {
		return "rotate-certificate";
	}

	get members(): string {
		return MEMBERS;
	}

	atBoot(logger: Logger): void {
		this.change.atBoot(logger);
	}

	start({ document }: Job, context: JobContext): void {
		if (document.url === undefined && document.streamId === undefined) return this.take(document, context);
		const file = readFile(document);
		if (typeof file === "string") return context.reject("invalidDocument", { error: file });
		if (file.size > MAX_FILE_BYTES) {
			return context.reject("invalidDocument", { error: `size: at most ${MAX_FILE_BYTES} bytes` });
		}
		context.gate("download", () => {
			const sink = new MemorySink((bytes) => {
				this.download = undefined;
				const members = parse(bytes);
				if (members === undefined) context.fail("fileRejected", { error: "the file is no JSON object" });
				else this.take(members, context);
			});
			this.download = new FileDownload(context, file, sink, this.options);
			this.download.start();
		});
	}

	resume(job: Job, context: JobContext, checkpoint: Uint8Array): void {
		const { certificate } = readCredentials(this.options.versions);
		const details = { certificateId: idOf(certificate) };
		this.change.resume(context, checkpoint, details, () => this.start(job, context));
	}

	cancel(): void {
		this.download?.close();
		this.download = undefined;
		this.change.cancel();
	}

	private take(members: JobDocument, context: JobContext): void {
		const certificate = fromBase64(members.certificate, MAX_CERTIFICATE_BYTES);
		const privateKey = fromBase64(members.privateKey, MAX_KEY_BYTES);
		if (certificate === undefined || contentOf(certificate, 0x30) === undefined) {
			return context.reject("invalidDocument", { error: "certificate: DER in base64" });
		}
		const modulus = privateKey && modulusOf(privateKey);
		if (privateKey === undefined || modulus === undefined) {
			return context.reject("invalidDocument", { error: "privateKey: RSA, PKCS #8, DER in base64" });
		}
		if (!contains(certificate, modulus)) {
			return context.reject("invalidDocument", { error: "the key does not belong to the certificate" });
		}
		this.change.start(context, (versions) => writeCredentials(versions, certificate, privateKey));
	}
}

/** @returns undefined when the bytes are no JSON object, or one that is nested too deep */
function parse(bytes: Uint8Array): JobDocument | undefined {
	try {
		const text = readable(bytes, bytes.byteLength, true, NAMES);
		const value: unknown = text === undefined ? undefined : JSON.parse(text);
		return typeof value === "object" && value !== null ? (value as JobDocument) : undefined;
	} catch {
		return undefined;
	}
}

/** AWS's name of a certificate: the SHA-256 of its DER. */
function idOf(certificate: Uint8Array): string {
	const digest = new Digest("SHA256");
	digest.write(certificate);
	return new Uint8Array(digest.close()).toHex();
}

/** A certificate contains the modulus of its key, in the public key that it certifies. */
function contains(bytes: Uint8Array, part: Uint8Array): boolean {
	for (let at = 0; at + part.byteLength <= bytes.byteLength; at += 1) {
		let i = 0;
		while (i < part.byteLength && bytes[at + i] === part[i]) i += 1;
		if (i === part.byteLength) return true;
	}
	return false;
}
