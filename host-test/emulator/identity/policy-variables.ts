import { literal } from "../base/glob.js";

/** What a policy's variables and the keys of its conditions are looked up in. */
export interface PolicyContext {
	/** undefined: the certificate is attached to no thing. */
	readonly thingName: string | undefined;
	readonly clientId: string;
	/** Of the thing. */
	readonly attributes?: Readonly<Record<string, string>> | undefined;
}

const ATTRIBUTE = /^iot:Connection\.Thing\.Attributes\[(.+)\]$/;
const VARIABLE = /\$\{([^}]*)\}/g;

/** Source: AWS IoT Core developer guide, "Thing policy variables". A thing has no type here. */
const VALUES: Readonly<Record<string, (context: PolicyContext) => string | undefined>> = {
	"iot:ClientId": ({ clientId }) => clientId,
	"iot:Connection.Thing.ThingName": ({ thingName }) => thingName,
	"iot:Connection.Thing.ThingTypeName": () => undefined,
	"iot:Connection.Thing.IsAttached": ({ thingName }) => String(thingName !== undefined),
};

export function isKnown(key: string): boolean {
	return Object.hasOwn(VALUES, key) || ATTRIBUTE.test(key);
}

/** @returns undefined when there is no value, or no such key */
export function lookUp(key: string, context: PolicyContext): string | undefined {
	const attribute = ATTRIBUTE.exec(key)?.[1];
	if (attribute === undefined) return Object.hasOwn(VALUES, key) ? VALUES[key]?.(context) : undefined;
	const { attributes = {} } = context;
	return Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined;
}

/** The text with the values of its variables, whose `*` and `?` are no wildcards. @returns undefined when one has no value */
export function substitute(pattern: string, context: PolicyContext): string | undefined {
	let isWhole = true;
	const text = pattern.replace(VARIABLE, (_, key: string) => {
		const value = lookUp(key, context);
		if (value === undefined) isWhole = false;
		return literal(value ?? "");
	});
	return isWhole ? text : undefined;
}
