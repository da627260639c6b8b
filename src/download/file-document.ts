import { fromBase64, fromHex } from "../base/bytes.js";
import { isTextOf, NAME } from "../base/text.js";
import type { JobDocument } from "../protocol/messages.js";
import { type HttpsUrl, parseHttpsUrl } from "./url.js";

/** Of RSA with 4,096 bits. */
export const MAX_SIGNATURE_BYTES = 512;
const MAX_STREAM_ID_LENGTH = 128;

/** See `Handler.members`. */
export const FILE_MEMBERS = " url streamId fileId size sha256 signature ";

/** What documents say of where a file is. */
export interface FileLocation extends JobDocument {
	/** Where the file is. @pattern ^(https://|[$][{]aws:iot:s3-presigned-url(-v2)?:https://) @maxLength 2048 */
	url?: string;
	/** The MQTT file stream that has it: `aws iot create-stream`. @pattern ^[a-zA-Z0-9_-]+$ @maxLength 128 */
	streamId?: string;
	/** Its file in the stream. Default 0. @asType integer @minimum 0 @maximum 255 */
	fileId?: number;
}

export interface StreamedFile {
	readonly streamId: string;
	readonly fileId: number;
}

/** The file that a job's document asks for. Every member was checked, and at least one of `url` and `stream` is there. */
export interface RequestedFile {
	readonly url: HttpsUrl | undefined;
	readonly stream: StreamedFile | undefined;
	/** Bytes. */
	readonly size: number;
	/** Undefined where the signature alone says what the file should be. */
	readonly sha256: Uint8Array | undefined;
	readonly signature: Uint8Array | undefined;
	/** Reads the document when it is handed out again, with a fresh URL. Default `readFile`. */
	readonly read?: (document: JobDocument) => RequestedFile | string;
}

/** Reads the members that all documents of a file have: where it is, and what it should be. @returns or what is wrong */
export function readFile(document: JobDocument): RequestedFile | string {
	const source = readSource(document.url, document.streamId, document.fileId ?? 0);
	if (typeof source === "string") return source;
	const { size } = document;
	if (!isSize(size)) return "size: a whole number of bytes";
	const sha256 = fromHex(document.sha256, 32);
	if (sha256?.byteLength !== 32) return "sha256: 64 hexadecimal digits";
	const signature = fromBase64(document.signature, MAX_SIGNATURE_BYTES);
	if (document.signature !== undefined && signature === undefined) return "signature: base64 of a signature";
	return { ...source, size, sha256, signature };
}

type Source = Pick<RequestedFile, "url" | "stream">;

/** @returns or what is wrong */
export function readSource(address: unknown, streamId: unknown, fileId: unknown): Source | string {
	const url = address === undefined ? undefined : parseHttpsUrl(address);
	if (address !== undefined && url === undefined) return "url: https://host[:port]/path";
	if (!isFileId(fileId)) return "fileId: 0 to 255";
	if (streamId === undefined) return url === undefined ? "url or streamId: one of them" : { url, stream: undefined };
	if (!isTextOf(NAME, MAX_STREAM_ID_LENGTH, streamId)) return "streamId: 1 to 128 of a-z A-Z 0-9 _ -";
	return { url, stream: { streamId, fileId } };
}

export function isSize(value: unknown): value is number {
	return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

function isFileId(value: unknown): value is number {
	return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255;
}
