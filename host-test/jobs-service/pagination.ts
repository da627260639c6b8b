import { invalidRequest } from "./http.js";

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
 * @param keyOf tells items apart
 * @throws ApiError for a number of results or a token that is none
 */
export function paginate<T>(
	all: readonly T[],
	{ maxResults, nextToken }: PageQuery,
	keyOf: (item: T) => string,
): Page<T> {
	const size = maxResults === undefined ? MAX_RESULTS : Number(maxResults);
	if (!Number.isInteger(size) || size < 1 || size > MAX_RESULTS)
		throw invalidRequest(`maxResults: 1 to ${MAX_RESULTS}`);
	const from = nextToken === undefined ? 0 : after(all, nextToken, keyOf);
	const items = all.slice(from, from + size);
	const last = items.at(-1);
	if (last === undefined || from + size >= all.length) return { items };
	return { items, nextToken: Buffer.from(keyOf(last)).toString("base64url") };
}

function after<T>(all: readonly T[], nextToken: string, keyOf: (item: T) => string): number {
	const key = Buffer.from(nextToken, "base64url").toString();
	const index = all.findIndex((item) => keyOf(item) === key);
	if (index < 0) throw invalidRequest("nextToken: not one of this list");
	return index + 1;
}
