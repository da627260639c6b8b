import type { JobDocument } from "../../../src/protocol/messages.js";

/** Makes a URL of the file that an S3 URL names. It is good for so many seconds. */
export type Presign = (url: string, expiresInSec: number) => string;

const S3_URL = /\$\{aws:iot:s3-presigned-url:(https:\/\/[^}]+)\}/g;

/**
 * The document as a device gets it: each `${aws:iot:s3-presigned-url:https://s3...}` becomes a URL that is new each time.
 * Source: AWS IoT developer guide, "Create and manage jobs by using the AWS CLI", presigned URLs.
 */
export function withPresignedUrls(document: JobDocument, presign: Presign, expiresInSec: number): JobDocument {
	const text = JSON.stringify(document);
	if (!text.includes("${aws:iot:s3-presigned-url:")) return document;
	return JSON.parse(text.replace(S3_URL, (_, url: string) => presign(url, expiresInSec))) as JobDocument;
}
