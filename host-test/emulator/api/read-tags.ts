import { invalidRequest } from "../base/errors.js";
import { MAX_TAGS } from "../base/limits.js";
import type { TagList } from "../registry/tags.js";

/** Source: AWS IoT API reference, Tag. */
const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 256;

/** The tags in the body of a request. @throws ServiceError when they are not what AWS allows */
export function readTags(value: unknown): TagList {
	if (value === undefined || value === null) return [];
	if (!Array.isArray(value) || value.length > MAX_TAGS) throw invalidRequest(`tags: a list of at most ${MAX_TAGS}`);
	return value.map(({ Key, Value = "" }: { Key?: unknown; Value?: unknown }) => {
		const isKey = typeof Key === "string" && Key.length >= 1 && Key.length <= MAX_KEY_LENGTH && !Key.startsWith("aws:");
		if (!isKey || typeof Value !== "string" || Value.length > MAX_VALUE_LENGTH) {
			throw invalidRequest(
				`tags: Key of 1 to ${MAX_KEY_LENGTH} characters, not beginning with aws:, Value of at most ${MAX_VALUE_LENGTH}`,
			);
		}
		return { Key, Value };
	});
}
