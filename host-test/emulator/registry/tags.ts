import { invalidRequest } from "../base/errors.js";
import { MAX_TAGS } from "../base/limits.js";
import type { Store } from "../store/store.js";

export type TagList = readonly { readonly Key: string; readonly Value: string }[];

/** The tags of groups, policies, jobs, templates and streams, by their ARNs. */
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

	/** The tags of a new resource, and the resource: both are there, or neither. @throws what `create` throws */
	create<T>(arn: string, tags: TagList, create: () => T): T {
		this.#keep(arn, tags);
		try {
			return create();
		} catch (error) {
			this.#tags.delete(arn);
			if (tags.length > 0) this.#store?.remove(["tags", arn]);
			throw error;
		}
	}

	/** Adds tags; one with a key that is there already replaces it. @throws ServiceError when a resource would have too many */
	add(arn: string, tags: TagList): void {
		if (tags.length === 0) return;
		const kept = this.get(arn).filter(({ Key }) => !tags.some((tag) => tag.Key === Key));
		if (kept.length + tags.length > MAX_TAGS) throw invalidRequest(`tags: at most ${MAX_TAGS}`);
		this.#keep(arn, [...kept, ...tags]);
	}

	/** @param keys without them all tags go */
	remove(arn: string, keys?: readonly string[]): void {
		this.#keep(arn, keys === undefined ? [] : this.get(arn).filter(({ Key }) => !keys.includes(Key)));
	}

	#keep(arn: string, tags: TagList): void {
		if (tags.length === 0) {
			this.#store?.remove(["tags", arn]);
			this.#tags.delete(arn);
		} else {
			this.#store?.put(["tags", arn], { arn, tags });
			this.#tags.set(arn, tags);
		}
	}
}
