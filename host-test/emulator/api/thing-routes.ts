import type { FastifyInstance } from "fastify";
import { groupArn, thingArn } from "../base/arn.js";
import { invalidRequest } from "../base/errors.js";
import { ATTRIBUTE_NAME, THING_NAME } from "../base/names.js";
import type { Certificates } from "../registry/certificates.js";
import type { Tags } from "../registry/tags.js";
import type { Registry, Thing } from "../registry/things.js";
import { type Body, optionalObject, wholeNumber } from "./members.js";
import { type PageQuery, paginate } from "./pagination.js";

/** AWS IoT API reference, AttributeValue. */
const ATTRIBUTE_VALUE = /^[a-zA-Z0-9_.,@/:#=[\]-]{0,800}$/;

interface Call {
	Params: { name: string };
	Body: Body | null;
	Querystring: PageQuery & { expectedVersion?: string };
}

export interface ThingRoutesOptions {
	readonly registry: Registry;
	readonly tags: Tags;
	readonly certificates: Certificates;
}

/** Create-, Describe-, Update-, Delete- and ListThings; ListThingGroupsForThing. */
export function thingRoutes(server: FastifyInstance, { registry, tags, certificates }: ThingRoutesOptions): void {
	server.post<Call>("/things/:name", ({ params: { name }, body }) => {
		THING_NAME.check("thingName", name);
		const attributes = readAttributes(body?.attributePayload);
		const { thingId } = registry.createThing(name, attributes);
		return { thingName: name, thingArn: thingArn(name), thingId };
	});
	server.get<Call>("/things/:name", ({ params: { name } }) => ({
		defaultClientId: name,
		...describeThing(registry.thing(name)),
	}));
	server.patch<Call>("/things/:name", ({ params: { name }, body }) => {
		const attributes = changedAttributes(registry.thing(name).attributes, body?.attributePayload);
		registry.updateThing(name, attributes, readVersion(body?.expectedVersion));
		return {};
	});
	server.delete<Call>("/things/:name", ({ params: { name }, query }) => {
		if (registry.findThing(name) !== undefined && certificates.ofThing(name).length > 0) {
			throw invalidRequest(`Cannot delete. Thing ${name} is still attached to one or more principals`);
		}
		registry.deleteThing(name, readVersion(query.expectedVersion));
		tags.remove(thingArn(name));
		return {};
	});
	server.get<{
		Querystring: PageQuery & { attributeName?: string; attributeValue?: string; usePrefixAttributeValue?: string };
	}>("/things", ({ query }) => {
		const { attributeName, attributeValue, usePrefixAttributeValue } = query;
		const all = registry.things().filter(({ attributes }) => {
			if (attributeName === undefined) return true;
			const value = attributes[attributeName];
			if (usePrefixAttributeValue === "true") return value?.startsWith(attributeValue ?? "") === true;
			return value !== undefined && (attributeValue ?? value) === value;
		});
		const { items, nextToken } = paginate(all, query, ({ thingName }) => thingName);
		return {
			things: items.map(({ thingId: _, ...thing }) => ({ ...thing, thingArn: thingArn(thing.thingName) })),
			nextToken,
		};
	});
	server.get<Call>("/things/:name/thing-groups", ({ params: { name }, query }) => {
		const { items, nextToken } = paginate(registry.groupsOf(name), query, (group) => group);
		return { thingGroups: items.map(groupNameAndArn), nextToken };
	});
}

/** What UpdateThing and UpdateThingGroup make of attributes: an empty value removes one. @throws ServiceError */
export function changedAttributes(old: Readonly<Record<string, string>>, payload: unknown): Record<string, string> {
	const read = optionalObject("attributePayload", payload);
	if (read?.attributes === undefined) return { ...old };
	const changed = { ...(read.merge === true && old), ...readAttributes(payload) };
	return Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== ""));
}

/** In a body it is a number, in a query its text. @throws ServiceError */
export function readVersion(expectedVersion: unknown): number | undefined {
	return expectedVersion === undefined ? undefined : wholeNumber("expectedVersion", expectedVersion);
}

/** The attributes of a thing or a group. @throws ServiceError */
export function readAttributes(payload: unknown): Record<string, string> {
	const attributes = optionalObject("attributes", optionalObject("attributePayload", payload)?.attributes) ?? {};
	for (const [name, value] of Object.entries(attributes)) {
		ATTRIBUTE_NAME.check(`attributes: the name ${JSON.stringify(name)}`, name);
		if (typeof value !== "string" || !ATTRIBUTE_VALUE.test(value)) {
			throw invalidRequest(`attributes.${name}: at most 800 of a-z A-Z 0-9 _ . , @ / : # = [ ] -`);
		}
	}
	return attributes as Record<string, string>;
}

function describeThing({ thingName, thingId, attributes, version }: Thing) {
	return { thingName, thingId, thingArn: thingArn(thingName), attributes, version };
}

export const groupNameAndArn = (groupName: string) => ({ groupName, groupArn: groupArn(groupName) });
