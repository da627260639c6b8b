import type { JobDocument } from "../../../src/protocol/messages.js";

/** Makes a URL that is good for so many seconds of the file that an S3 URL names. */
export type Presign = (url: string, expiresInSec: number) => string;

/** AWS: presignedUrlConfig.expiresInSec is 60..3600, and 3600 where it is absent. */
export const DEFAULT_EXPIRES_IN_SEC = 3_600;
const PLACEHOLDER = /\$\{aws:iot:s3-presigned-url:(https:\/\/[^}]+)\}/g;

/**
 * The document as the device gets it: each `${aws:iot:s3-presigned-url:https://s3...}` in it is a fresh URL each time.
 * Source: AWS IoT developer guide, "Create and manage jobs by using the AWS CLI", presigned URLs.
 */
export function withPresignedUrls(document: JobDocument, presign: Presign, expiresInSec: number): JobDocument {
	const text = JSON.stringify(document);
	if (!text.includes("${aws:iot:s3-presigned-url:")) return document;
	return JSON.parse(text.replace(PLACEHOLDER, (_, url: string) => presign(url, expiresInSec))) as JobDocument;
}
