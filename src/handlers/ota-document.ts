import { fromHex } from "../agent/hex.js";
import type { JobDocument } from "../agent/messages.js";
import { type HttpsUrl, parseHttpsUrl } from "../transport/url.js";
import { fromBase64 } from "./base64.js";

/**
 * The document of the `ota` operation: a firmware image, fetched over HTTPS.
 */
export interface OtaDocument extends JobDocument {
	operation: "ota";
	/** The new firmware's version, as the device reports it. @minLength 1 @maxLength 32 */
	version: string;
	/** Where the image is. @pattern ^https:// @maxLength 2048 */
	url: string;
	/** The image's size in bytes. @asType integer @minimum 1 */
	size: number;
	/** The image's SHA-256. @pattern ^[0-9a-fA-F]{64}$ */
	sha256: string;
	/** ECDSA P-256 over the image's SHA-256, DER in base64: `openssl dgst -sha256 -sign`. @maxLength 96 */
	signature?: string;
	/** Whether the version may be lower than the one that runs. Default false; the build may forbid it all the same. */
	allowDowngrade?: boolean;
}

const MAX_SIGNATURE_BYTES = 72;

/** The image that a document asks for, after every member was checked. */
export interface RequestedImage {
	readonly version: string;
	readonly url: HttpsUrl;
	readonly size: number;
	readonly sha256: Uint8Array;
	readonly signature: Uint8Array | undefined;
	readonly allowDowngrade: boolean;
}

/** @returns the image, or what is wrong with the document */
export function readOtaDocument(document: JobDocument): RequestedImage | string {
	const { version, size } = document;
	if (typeof version !== "string" || version === "" || version.length > 32) return "version: 1 to 32 characters";
	const url = parseHttpsUrl(document.url);
	if (url === undefined) return "url: https://host[:port]/path";
	if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 1) return "size: a whole number of bytes";
	const sha256 = fromHex(document.sha256, 32);
	if (sha256?.byteLength !== 32) return "sha256: 64 hexadecimal digits";
	const signature = fromBase64(document.signature, MAX_SIGNATURE_BYTES);
	if (document.signature !== undefined && signature === undefined) return "signature: base64 of a DER signature";
	return { version, url, size, sha256, signature, allowDowngrade: document.allowDowngrade === true };
}
