import type { JobDocument } from "../../../src/protocol/messages.js";
import { EXPIRES_IN_SEC } from "../base/limits.js";
import type { JobConfig } from "./job-config.js";

/** Makes a URL of the file that an S3 URL names. It is good for so many seconds. */
export type Presign = (url: string, expiresInSec: number) => string;

const PLACEHOLDER = /\$\{aws:iot:s3-presigned-url(?:-v2)?:([^}]*)\}/g;
/** A string of JSON, with its quotes. */
const STRING = /"(?:[^"\\]|\\.)*"/g;

/** The URLs in the placeholders of a text. */
export function presignedUrlsOf(text: string): string[] {
	return [...text.matchAll(PLACEHOLDER)].map(([, url = ""]) => url);
}

/**
 * A document's text as a device gets it: each `${aws:iot:s3-presigned-url:https://s3...}`, and today's
 * `${aws:iot:s3-presigned-url-v2:...}`, becomes a URL that is new each time. The rest stays as it came.
 *
 * Source: AWS IoT developer guide, "Create and manage jobs by using the AWS CLI", presigned URLs.
 */
export function withPresignedUrls(text: string, presign: Presign, { presignedUrlConfig }: JobConfig = {}): string {
	if (!text.includes("s3-presigned-url")) return text;
	const { expiresInSec = EXPIRES_IN_SEC.max } = presignedUrlConfig ?? {};
	// Within a string of JSON, any character of the URL may be escaped.
	return text.replace(STRING, (string) => {
		if (!string.includes("s3-presigned-url")) return string;
		const value: string = JSON.parse(string);
		return JSON.stringify(value.replace(PLACEHOLDER, (_, url: string) => presign(url, expiresInSec)));
	});
}

/** The same for a document that has been parsed. */
export function documentWithUrls(document: JobDocument, presign: Presign, config: JobConfig | undefined): JobDocument {
	const text = JSON.stringify(document);
	const changed = withPresignedUrls(text, presign, config);
	return changed === text ? document : (JSON.parse(changed) as JobDocument);
}
