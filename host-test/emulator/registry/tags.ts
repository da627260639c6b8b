import type { FastifyInstance } from "fastify";
import { invalidRequest, notFound } from "../api/errors.js";
import type { Store } from "../store/store.js";

type TagList = readonly { readonly Key: string; readonly Value: string }[];

const MAX_TAGS = 50;

/** The tags of things, groups, jobs, templates and streams, by their ARNs. */
export class Tags {
	readonly #store: Store | undefined;
	readonly #tags = new Map<string, TagList>();
	readonly #exists: (arn: string) => boolean;

	/** @param exists whether there is something of this ARN */
	constructor(store: Store | undefined, exists: (arn: string) => boolean) {
		this.#store = store;
		this.#exists = exists;
		for (const { arn, tags } of store?.all<{ arn: string; tags: TagList }>("tags") ?? []) this.#tags.set(arn, tags);
	}

	/** @throws ApiError when it is no list of tags */
	read(value: unknown): TagList {
		if (value === undefined || value === null) return [];
		if (!Array.isArray(value) || value.length > MAX_TAGS) throw invalidRequest(`tags: at most ${MAX_TAGS}`);
		return value.map(({ Key, Value = "" }: { Key?: unknown; Value?: unknown }) => {
			const isGood = typeof Key === "string" && Key.length >= 1 && Key.length <= 128 && !Key.startsWith("aws:");
			if (!isGood || typeof Value !== "string" || Value.length > 256) {
				throw invalidRequest("tags: Key of 1 to 128 characters, not beginning with aws:, Value of at most 256");
			}
			return { Key, Value };
		});
	}

	get(arn: string): TagList {
		return this.#tags.get(arn) ?? [];
	}

	/** @throws ApiError */
	set(arn: string, tags: TagList): void {
		if (tags.length === 0) return;
		const kept = this.get(arn).filter(({ Key }) => !tags.some((tag) => tag.Key === Key));
		if (kept.length + tags.length > MAX_TAGS) throw invalidRequest(`tags: at most ${MAX_TAGS}`);
		this.#keep(arn, [...kept, ...tags]);
	}

	forget(arn: string, keys?: readonly string[]): void {
		this.#keep(arn, keys === undefined ? [] : this.get(arn).filter(({ Key }) => !keys.includes(Key)));
	}

	/** TagResource, UntagResource, ListTagsForResource. */
	routes(server: FastifyInstance): void {
		type Body = { Body: { resourceArn?: unknown; tags?: unknown; tagKeys?: unknown } | null };
		server.post<Body>("/tags", ({ body }) => {
			this.set(this.#resource(body?.resourceArn), this.read(body?.tags));
			return {};
		});
		server.post<Body>("/untag", ({ body }) => {
			const keys = body?.tagKeys;
			if (!Array.isArray(keys)) throw invalidRequest("tagKeys: a list of keys");
			this.forget(this.#resource(body?.resourceArn), keys.map(String));
			return {};
		});
		server.get<{ Querystring: { resourceArn?: string } }>("/tags", ({ query }) => ({
			tags: this.get(this.#resource(query.resourceArn)),
		}));
	}

	#resource(arn: unknown): string {
		if (typeof arn !== "string" || !arn.startsWith("arn:")) throw invalidRequest("resourceArn: an ARN");
		if (!this.#exists(arn)) throw notFound(`There is no ${arn}`);
		return arn;
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
