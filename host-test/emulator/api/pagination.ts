import { invalidRequest } from "./errors.js";

export interface PageQuery {
	readonly maxResults?: string | undefined;
	readonly nextToken?: string | undefined;
}

export interface Page<T> {
	readonly items: readonly T[];
	readonly nextToken?: string;
}

const MAX_RESULTS = 250;

/**
 * One page of a list. The token is opaque, and names the last item of the page before: what is added or taken away in between
 * shifts nothing.
 *
 * @param all is read no further than the page goes
 * @param keyOf tells items apart
 * @throws ApiError for a number of results or a token that is none
 */
export function paginate<T>(
	all: Iterable<T>,
	{ maxResults, nextToken }: PageQuery,
	keyOf: (item: T) => string,
): Page<T> {
	const size = maxResults === undefined ? MAX_RESULTS : Number(maxResults);
	if (!Number.isInteger(size) || size < 1 || size > MAX_RESULTS)
		throw invalidRequest(`maxResults: 1 to ${MAX_RESULTS}`);
	const after = readToken(nextToken);
	let found = after === undefined;
	const items: T[] = [];
	for (const item of all) {
		const last = items.at(-1);
		if (items.length === size && last !== undefined) {
			return { items, nextToken: Buffer.from(keyOf(last)).toString("base64url") };
		}
		if (found) items.push(item);
		else found = keyOf(item) === after;
	}
	if (!found) throw invalidRequest("nextToken: not one of this list");
	return { items };
}

/** The key of the last item of the page before. */
export function readToken(nextToken: string | undefined): string | undefined {
	return nextToken === undefined ? undefined : Buffer.from(nextToken, "base64url").toString();
}
