import { invalidRequest } from "../base/errors.js";
import { MAX_TAGS } from "../base/limits.js";
import type { TagList } from "../registry/tags.js";
import { object } from "./members.js";

/** Source: AWS IoT API reference, Tag. */
const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 256;
/** Of a key and of a value. */
const CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** The tags in the body of a request. @throws ServiceError when they are not what AWS allows */
export function readTags(value: unknown): TagList {
	if (value === undefined || value === null) return [];
	if (!Array.isArray(value) || value.length > MAX_TAGS) throw invalidRequest(`tags: a list of at most ${MAX_TAGS}`);
	return value.map((tag: unknown) => {
		const { Key, Value = "" } = object("tags: each", tag);
		if (!isText(Key, MAX_KEY_LENGTH) || Key === "" || Key.startsWith("aws:") || !isText(Value, MAX_VALUE_LENGTH)) {
			throw invalidRequest(
				`tags: Key of 1 to ${MAX_KEY_LENGTH} characters, not beginning with aws:, Value of at most ${MAX_VALUE_LENGTH}; letters, digits, blanks and _.:/=+-@`,
			);
		}
		return { Key, Value };
	});
}

function isText(value: unknown, maxLength: number): value is string {
	return typeof value === "string" && value.length <= maxLength && CHARACTERS.test(value);
}
