import type { FastifyInstance } from "fastify";
import { groupArn, parseArn } from "../base/arn.js";
import { invalidRequest } from "../base/errors.js";
import { MAX_DESCRIPTION_LENGTH } from "../base/limits.js";
import { GROUP_NAME } from "../base/names.js";
import type { Tags } from "../registry/tags.js";
import type { Registry, ThingGroup } from "../registry/things.js";
import { type Body, optionalObject, optionalText, text } from "./members.js";
import { type PageQuery, paginate } from "./pagination.js";
import { readTags } from "./read-tags.js";
import { changedAttributes, groupNameAndArn, readAttributes, readVersion } from "./thing-routes.js";

interface Call {
	Params: { name: string };
	Body: Body | null;
	Querystring: PageQuery & { expectedVersion?: string };
}

/** Create-, Describe-, Update-, Delete- and ListThingGroups, with their things. */
export function groupRoutes(server: FastifyInstance, registry: Registry, tags: Tags): void {
	server.post<Call>("/thing-groups/:name", ({ params: { name }, body }) => {
		GROUP_NAME.check("thingGroupName", name);
		const properties = optionalObject("thingGroupProperties", body?.thingGroupProperties) ?? {};
		const parent = body?.parentGroupName;
		const read = readTags(body?.tags);
		const { groupId } = registry.createGroup({
			groupName: name,
			parent: parent === undefined ? undefined : text("parentGroupName", parent),
			description: readDescription(properties.thingGroupDescription),
			attributes: readAttributes(properties.attributePayload),
		});
		tags.add(groupArn(name), read);
		return { thingGroupName: name, thingGroupArn: groupArn(name), thingGroupId: groupId };
	});
	server.get<Call>("/thing-groups/:name", ({ params: { name } }) => describeGroup(registry.group(name), registry));
	server.patch<Call>("/thing-groups/:name", ({ params: { name }, body }) => {
		const properties = optionalObject("thingGroupProperties", body?.thingGroupProperties) ?? {};
		const { description, attributes } = registry.group(name);
		const change = {
			description: readDescription(properties.thingGroupDescription) ?? description,
			attributes: changedAttributes(attributes, properties.attributePayload),
		};
		return { version: registry.updateGroup(name, change, readVersion(body?.expectedVersion)) };
	});
	server.delete<Call>("/thing-groups/:name", ({ params: { name }, query }) => {
		registry.deleteGroup(name, readVersion(query.expectedVersion));
		tags.remove(groupArn(name));
		return {};
	});
	server.get<{ Querystring: PageQuery & { parentGroup?: string; namePrefixFilter?: string; recursive?: string } }>(
		"/thing-groups",
		({ query }) => {
			const { parentGroup, namePrefixFilter = "", recursive } = query;
			if (parentGroup !== undefined) registry.group(parentGroup);
			const isBelow = ({ groupName, parent }: ThingGroup) =>
				parentGroup === undefined
					? recursive !== "false" || parent === undefined
					: parent === parentGroup ||
						(recursive !== "false" && registry.ancestors(groupName).slice(1).includes(parentGroup));
			const all = registry.groups().filter((group) => isBelow(group) && group.groupName.startsWith(namePrefixFilter));
			const { items, nextToken } = paginate(all, query, ({ groupName }) => groupName);
			return { thingGroups: items.map(({ groupName }) => groupNameAndArn(groupName)), nextToken };
		},
	);
	server.get<Call & { Querystring: { recursive?: string } }>(
		"/thing-groups/:name/things",
		({ params: { name }, query }) => {
			const { items, nextToken } = paginate(
				registry.membersOf(name, query.recursive === "true"),
				query,
				(thing) => thing,
			);
			return { things: items, nextToken };
		},
	);
	server.put<{ Body: Body | null }>("/thing-groups/addThingToThingGroup", ({ body }) => {
		registry.addToGroup(nameOf("thingGroup", body), nameOf("thing", body));
		return {};
	});
	server.put<{ Body: Body | null }>("/thing-groups/removeThingFromThingGroup", ({ body }) => {
		registry.removeFromGroup(nameOf("thingGroup", body), nameOf("thing", body));
		return {};
	});
}

/** The pattern of this one allows that it is empty. */
function readDescription(value: unknown): string | undefined {
	return value === "" ? "" : optionalText("thingGroupDescription", value, MAX_DESCRIPTION_LENGTH);
}

/** Requests name a thing or a group by its name or by its ARN: `thingName` or `thingArn`. */
function nameOf(member: "thing" | "thingGroup", body: Body | null): string {
	const parsed = parseArn(text(`${member}Arn`, body?.[`${member}Arn`] ?? ""));
	const found = body?.[`${member}Name`] ?? (parsed?.kind === member.toLowerCase() ? parsed.name : undefined);
	if (typeof found !== "string") throw invalidRequest(`${member}Name or ${member}Arn`);
	return found;
}

function describeGroup(group: ThingGroup, registry: Registry) {
	const { groupName, groupId, parent, description, attributes, version, createdAt } = group;
	const above = registry.ancestors(parent).reverse();
	return {
		thingGroupName: groupName,
		thingGroupId: groupId,
		thingGroupArn: groupArn(groupName),
		version,
		thingGroupProperties: { thingGroupDescription: description, attributePayload: { attributes } },
		thingGroupMetadata: {
			parentGroupName: parent,
			rootToParentThingGroups: above.length > 0 ? above.map(groupNameAndArn) : undefined,
			creationDate: createdAt / 1_000,
		},
	};
}
