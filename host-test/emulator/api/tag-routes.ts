import type { FastifyInstance } from "fastify";
import { groupArn, jobArn, policyArn, streamArn, templateArn, thingArn } from "../base/arn.js";
import { invalidRequest, notFound } from "../base/errors.js";
import type { JobsService } from "../jobs/service.js";
import type { Policies } from "../registry/policies.js";
import type { Streams } from "../registry/streams.js";
import type { Tags } from "../registry/tags.js";
import type { Templates } from "../registry/templates.js";
import type { Registry } from "../registry/things.js";
import { text } from "./members.js";
import { type PageQuery, paginate } from "./pagination.js";
import { readTags } from "./read-tags.js";

export interface TagRoutesOptions {
	readonly tags: Tags;
	readonly service: JobsService;
	readonly registry: Registry;
	readonly policies: Policies;
	readonly templates: Templates;
	readonly streams: Streams;
}

/** TagResource, UntagResource, ListTagsForResource. */
export function tagRoutes(server: FastifyInstance, options: TagRoutesOptions): void {
	const { tags } = options;
	type Call = { Body: { resourceArn?: unknown; tags?: unknown; tagKeys?: unknown } | null };
	const readArn = (arn: unknown) => {
		if (typeof arn !== "string" || !arn.startsWith("arn:")) throw invalidRequest("resourceArn: an ARN");
		if (!exists(arn, options)) throw notFound(`There is no ${arn}`);
		return arn;
	};
	server.post<Call>("/tags", ({ body }) => {
		tags.add(readArn(body?.resourceArn), readTags(body?.tags));
		return {};
	});
	server.post<Call>("/untag", ({ body }) => {
		const keys = body?.tagKeys;
		if (!Array.isArray(keys)) throw invalidRequest("tagKeys: a list of keys");
		tags.remove(
			readArn(body?.resourceArn),
			keys.map((key: unknown) => text("tagKeys: each", key)),
		);
		return {};
	});
	server.get<{ Querystring: PageQuery & { resourceArn?: string } }>("/tags", ({ query }) => {
		const { items, nextToken } = paginate(tags.get(readArn(query.resourceArn)), query, ({ Key }) => Key);
		return { tags: items, nextToken };
	});
}

/** Whether this is the ARN of something that may have tags. */
function exists(arn: string, { service, registry, policies, templates, streams }: TagRoutesOptions): boolean {
	const name = arn.slice(arn.lastIndexOf("/") + 1);
	return (
		(arn === thingArn(name) && registry.findThing(name) !== undefined) ||
		(arn === groupArn(name) && registry.hasGroup(name)) ||
		(arn === policyArn(name) && policies.has(name)) ||
		(arn === jobArn(name) && service.job(name) !== undefined) ||
		(arn === templateArn(name) && templates.has(name)) ||
		(arn === streamArn(name) && streams.has(name))
	);
}
