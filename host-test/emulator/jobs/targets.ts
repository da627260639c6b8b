import { groupArn, parseTarget, type Target, thingArn } from "../base/arn.js";
import { notFound } from "../base/errors.js";

/** What somebody else knows of things and groups. */
export interface Lookups {
	readonly hasThing: (thingName: string) => boolean;
	/** The things of a group and of the groups below it; undefined when there is no such group. */
	readonly membersOf: (groupName: string) => readonly string[] | undefined;
}

/** ARNs of things and groups; a thing's name stands for its ARN. @throws ServiceError when there is no such thing or group */
export function readTargets(targets: readonly string[], { hasThing, membersOf }: Lookups): string[] {
	const arns = targets.map((text) => {
		const { kind, name }: Target = parseTarget(text) ?? { kind: "thing", name: text };
		if (kind === "group" && membersOf(name) === undefined) throw notFound(`Thing group ${name} does not exist`);
		if (kind === "thing" && !hasThing(name)) throw notFound(`Thing ${name} does not exist`);
		return kind === "thing" ? thingArn(name) : groupArn(name);
	});
	return [...new Set(arns)];
}

/** The things that targets mean now, each once. */
export function thingsOf(targets: readonly string[], { hasThing, membersOf }: Lookups): string[] {
	const names = targets.flatMap((target) => {
		const parsed = parseTarget(target);
		if (parsed?.kind === "thing") return hasThing(parsed.name) ? [parsed.name] : [];
		return (parsed && membersOf(parsed.name)) ?? [];
	});
	return [...new Set(names)];
}

/** Whether targets mean a thing. @param groups all groups that it is in */
export function isTargeted(targets: readonly string[], thingName: string, groups: ReadonlySet<string>): boolean {
	return targets.some((target) => {
		const parsed = parseTarget(target);
		return parsed?.kind === "thing" ? parsed.name === thingName : parsed !== undefined && groups.has(parsed.name);
	});
}
