import { invalidRequest } from "../base/errors.js";

export interface PageQuery {
	readonly maxResults?: string | undefined;
	readonly nextToken?: string | undefined;
}

interface Page<T> {
	readonly items: readonly T[];
	readonly nextToken?: string;
}

/** AWS IoT API reference, `maxResults` of each list. */
const MAX_RESULTS = 250;
/** Of a page whose size the client does not say. Open point: size of a page. */
const DEFAULT_RESULTS = 25;

/**
 * One page of a list. The token, opaque to the client, names the last item of the page before: items that are added or taken
 * away between two pages shift nothing.
 *
 * @param all is read no further than to the end of the page
 * @param keyOf gives each item a key of its own
 * @throws ServiceError when the number of results or the token is not valid
 */
export function paginate<T>(
	all: Iterable<T>,
	{ maxResults, nextToken }: PageQuery,
	keyOf: (item: T) => string,
): Page<T> {
	const size = maxResults === undefined ? DEFAULT_RESULTS : Number(maxResults);
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

export interface MarkerQuery {
	readonly marker?: string | undefined;
	readonly pageSize?: string | undefined;
}

/** The same for the lists that say `marker` and `pageSize` where all others say `nextToken` and `maxResults`. */
export function markerPage<T>(
	all: Iterable<T>,
	{ marker, pageSize }: MarkerQuery,
	keyOf: (item: T) => string,
): { readonly items: readonly T[]; readonly nextMarker: string | undefined } {
	const { items, nextToken } = paginate(all, { maxResults: pageSize, nextToken: marker }, keyOf);
	// The pattern of a marker is plain base64.
	const nextMarker = nextToken && Buffer.from(nextToken, "base64url").toString("base64");
	return { items, nextMarker };
}

/** The key of the last item of the page before. */
export function readToken(nextToken: string | undefined): string | undefined {
	return nextToken === undefined ? undefined : Buffer.from(nextToken, "base64url").toString();
}
