/**
 * Limits that more than one file needs. One that a single file checks stands there. Sources: AWS IoT API reference; AWS
 * General Reference, "AWS IoT Core endpoints and quotas" and "AWS IoT Device Management endpoints and quotas".
 */

/** Characters of a description or a comment. */
export const MAX_DESCRIPTION_LENGTH = 2_028;
/** Characters of a job document. */
export const MAX_DOCUMENT_LENGTH = 32_768;
/** Levels of a job document. AWS states none; a deeper one ends the stack of whoever reads it, on a chip long before. */
export const MAX_DOCUMENT_DEPTH = 100;
/** ARNs of things and groups that a CONTINUOUS job may have. */
export const MAX_CONTINUOUS_TARGETS = 100;
/** Things that a job is rolled out to in a minute, at most and by default. */
export const MAX_PER_MINUTE = 1_000;
/** How long a presigned URL is good; the longest is the default. */
export const EXPIRES_IN_SEC = { min: 60, max: 3_600 };
/** Bytes of a request's `clientToken`. */
export const MAX_CLIENT_TOKEN_BYTES = 64;
/** The largest number of a file in a stream; the smallest is 0. */
export const MAX_FILE_ID = 255;
/** Tags of a resource. */
export const MAX_TAGS = 50;
export const MAX_ROLE_ARN_LENGTH = 2_048;
