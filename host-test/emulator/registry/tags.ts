import { invalidRequest } from "../base/errors.js";
import type { Store } from "../store/store.js";

export type TagList = readonly { readonly Key: string; readonly Value: string }[];

/** Source: AWS IoT API reference, Tag; AWS general reference, "Tag naming limits". */
const MAX_TAGS = 50;
const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 256;

/** The tags of things, groups, jobs, templates and streams, by their ARNs. */
export class Tags {
	readonly #store: Store | undefined;
	readonly #tags = new Map<string, TagList>();

	constructor(store: Store | undefined) {
		this.#store = store;
		for (const { arn, tags } of store?.all<{ arn: string; tags: TagList }>("tags") ?? []) this.#tags.set(arn, tags);
	}

	get(arn: string): TagList {
		return this.#tags.get(arn) ?? [];
	}

	/** Adds tags; one with a key that is there already replaces it. @throws ServiceError when there are too many */
	add(arn: string, tags: TagList): void {
		if (tags.length === 0) return;
		const kept = this.get(arn).filter(({ Key }) => !tags.some((tag) => tag.Key === Key));
		checkNumber(kept.length + tags.length);
		this.#keep(arn, [...kept, ...tags]);
	}

	/** @param keys without them all tags go */
	remove(arn: string, keys?: readonly string[]): void {
		this.#keep(arn, keys === undefined ? [] : this.get(arn).filter(({ Key }) => !keys.includes(Key)));
	}

	#keep(arn: string, tags: TagList): void {
		if (tags.length === 0) {
			this.#tags.delete(arn);
			this.#store?.remove(["tags", arn]);
		} else {
			this.#tags.set(arn, tags);
			this.#store?.put(["tags", arn], { arn, tags });
		}
	}
}

/** The tags of a request. @throws ServiceError when they are not what AWS allows */
export function readTags(value: unknown): TagList {
	if (value === undefined || value === null) return [];
	if (!Array.isArray(value)) throw invalidRequest("tags: a list");
	checkNumber(value.length);
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

function checkNumber(tags: number): void {
	if (tags > MAX_TAGS) throw invalidRequest(`tags: at most ${MAX_TAGS}`);
}
