import type { FastifyInstance } from "fastify";
import { object, optionalObject, optionalText } from "../jobs/job-config.js";
import { groupArn, NAME, thingArn } from "../registry/arn.js";
import type { Tags } from "../registry/tags.js";
import type { Registry, Thing, ThingGroup } from "../registry/things.js";
import { invalidRequest } from "./errors.js";
import { type PageQuery, paginate } from "./pagination.js";

type Body = Record<string, unknown> | null;
interface Call {
	Params: { name: string };
	Body: Body;
	Querystring: PageQuery;
}

/** Create-, Describe-, Update-, Delete- and ListThings; ListThingGroupsForThing. */
export function thingRoutes(server: FastifyInstance, registry: Registry, tags: Tags): void {
	server.post<Call>("/things/:name", ({ params: { name }, body }) => {
		checkName("thingName", name);
		const attributes = readAttributes(body?.attributePayload);
		if (body?.thingTypeName !== undefined) throw invalidRequest("thingTypeName: thing types are not served here");
		const { thingId } = registry.createThing(name, attributes);
		return { thingName: name, thingArn: thingArn(name), thingId };
	});
	server.get<Call>("/things/:name", ({ params: { name } }) => ({
		defaultClientId: name,
		...describeThing(registry.thing(name)),
	}));
	server.patch<Call>("/things/:name", ({ params: { name }, body }) => {
		const { merge } = optionalObject("attributePayload", body?.attributePayload) ?? {};
		const attributes = readAttributes(body?.attributePayload);
		registry.updateThing(name, merge === true ? { ...registry.thing(name).attributes, ...attributes } : attributes);
		return {};
	});
	server.delete<Call>("/things/:name", ({ params: { name } }) => {
		registry.deleteThing(name);
		tags.forget(thingArn(name));
		return {};
	});
	server.get<{ Querystring: PageQuery & { attributeName?: string; attributeValue?: string } }>(
		"/things",
		({ query }) => {
			const { attributeName, attributeValue } = query;
			const all = registry.things().filter(({ attributes }) => {
				if (attributeName === undefined) return true;
				const value = attributes[attributeName];
				return value !== undefined && (attributeValue ?? value) === value;
			});
			const { items, nextToken } = paginate(all, query, ({ thingName }) => thingName);
			return {
				things: items.map(({ thingId: _, ...thing }) => ({ ...thing, thingArn: thingArn(thing.thingName) })),
				nextToken,
			};
		},
	);
	server.get<Call>("/things/:name/thing-groups", ({ params: { name }, query }) => {
		const { items, nextToken } = paginate(registry.groupsOf(name), query, (group) => group);
		return { thingGroups: items.map(nameAndArn), nextToken };
	});
}

/** Create-, Describe-, Delete- and ListThingGroups, with their things. */
export function groupRoutes(server: FastifyInstance, registry: Registry, tags: Tags): void {
	server.post<Call>("/thing-groups/:name", ({ params: { name }, body }) => {
		checkName("thingGroupName", name);
		const properties = optionalObject("thingGroupProperties", body?.thingGroupProperties) ?? {};
		const parent = body?.parentGroupName;
		const read = tags.read(body?.tags);
		const { groupId } = registry.createGroup({
			groupName: name,
			parent: parent === undefined ? undefined : String(parent),
			description: optionalText("thingGroupDescription", properties.thingGroupDescription, 2_028),
			attributes: readAttributes(properties.attributePayload),
		});
		tags.set(groupArn(name), read);
		return { thingGroupName: name, thingGroupArn: groupArn(name), thingGroupId: groupId };
	});
	server.get<Call>("/thing-groups/:name", ({ params: { name } }) => describeGroup(registry.group(name), registry));
	server.delete<Call>("/thing-groups/:name", ({ params: { name } }) => {
		registry.deleteGroup(name);
		tags.forget(groupArn(name));
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
			return { thingGroups: items.map(({ groupName }) => nameAndArn(groupName)), nextToken };
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
	server.put<{ Body: Body }>("/thing-groups/addThingToThingGroup", ({ body }) => {
		registry.addToGroup(nameOf("thinggroup", "thingGroup", body), nameOf("thing", "thing", body));
		return {};
	});
	server.put<{ Body: Body }>("/thing-groups/removeThingFromThingGroup", ({ body }) => {
		registry.removeFromGroup(nameOf("thinggroup", "thingGroup", body), nameOf("thing", "thing", body));
		return {};
	});
}

/** By name or by ARN, as the members `thingName` and `thingArn` have it. */
function nameOf(kind: string, member: "thing" | "thingGroup", body: Body): string {
	const name = body?.[`${member}Name`];
	const arn = body?.[`${member}Arn`];
	const ofArn =
		typeof arn === "string" ? new RegExp(`^arn:[^:]+:iot:[^:]*:[^:]*:${kind}/(.+)$`).exec(arn)?.[1] : undefined;
	const found = name ?? ofArn;
	if (typeof found !== "string") throw invalidRequest(`${member}Name or ${member}Arn`);
	return found;
}

function checkName(member: string, name: string): void {
	if (!NAME.test(name)) throw invalidRequest(`${member}: 1 to 128 of a-z A-Z 0-9 : _ -`);
}

function readAttributes(payload: unknown): Record<string, string> {
	const attributes = optionalObject("attributes", optionalObject("attributePayload", payload)?.attributes) ?? {};
	for (const [name, value] of Object.entries(attributes)) {
		if (!/^[a-zA-Z0-9_.,@/:#-]{1,128}$/.test(name))
			throw invalidRequest(`attributes: the name ${JSON.stringify(name)}`);
		if (typeof value !== "string" || !/^[a-zA-Z0-9_.,@/:#=[\]-]{0,800}$/.test(value))
			throw invalidRequest(`attributes.${name}`);
	}
	return object("attributes", attributes) as Record<string, string>;
}

function describeThing({ thingName, thingId, attributes, version }: Thing) {
	return { thingName, thingId, thingArn: thingArn(thingName), attributes, version };
}

const nameAndArn = (groupName: string) => ({ groupName, groupArn: groupArn(groupName) });

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
			rootToParentThingGroups: above.length > 0 ? above.map(nameAndArn) : undefined,
			creationDate: createdAt / 1_000,
		},
	};
}
