import { groupArn, parseTarget, type Target, thingArn } from "../base/arn.js";
import { notFound } from "../base/errors.js";

/** What somebody else knows of things and groups. */
export interface Lookups {
	readonly hasThing: (thingName: string) => boolean;
	/** The things of a group and of the groups below it; undefined when there is no such group. */
	readonly membersOf: (groupName: string) => readonly string[] | undefined;
}

/** What a job is for: ARNs of things and groups, and the names of the things that they mean now. Each is there once. */
export interface Targets {
	readonly arns: readonly string[];
	readonly things: readonly string[];
}

/** @param targets ARNs; a thing's name stands for its ARN @throws ServiceError when there is no such thing or group */
export function readTargets(targets: readonly string[], lookups: Lookups): Targets {
	const read = targets.map((text) => readTarget(text, lookups));
	return { arns: once(read.map(({ arn }) => arn)), things: once(read.flatMap(({ things }) => things)) };
}

function readTarget(text: string, lookups: Lookups): { readonly arn: string; readonly things: readonly string[] } {
	const target: Target = parseTarget(text) ?? { kind: "thing", name: text };
	const { kind, name } = target;
	const things = meaningOf(target, lookups);
	if (things === undefined) throw notFound(`${kind === "thing" ? "Thing" : "Thing group"} ${name} does not exist`);
	return { arn: kind === "thing" ? thingArn(name) : groupArn(name), things };
}

/** The things that the targets of a job mean now, each once. What does not exist any more means none. */
export function thingsOf(targets: readonly string[], lookups: Lookups): string[] {
	return once(
		targets.flatMap((text) => {
			const target = parseTarget(text);
			return (target && meaningOf(target, lookups)) ?? [];
		}),
	);
}

/** @returns undefined when there is no such thing or group */
function meaningOf({ kind, name }: Target, { hasThing, membersOf }: Lookups): readonly string[] | undefined {
	if (kind === "group") return membersOf(name);
	return hasThing(name) ? [name] : undefined;
}

/** Whether one of these groups is a target. */
export function isOfGroup(targets: readonly string[], groups: ReadonlySet<string>): boolean {
	return groups.size > 0 && targets.some((target) => isGroupOf(parseTarget(target), groups));
}

/** Whether targets mean a thing. @param groups all groups that it is in */
export function isTargeted(targets: readonly string[], thingName: string, groups: ReadonlySet<string>): boolean {
	return targets.some((target) => {
		const parsed = parseTarget(target);
		return (parsed?.kind === "thing" && parsed.name === thingName) || isGroupOf(parsed, groups);
	});
}

function isGroupOf(target: Target | undefined, groups: ReadonlySet<string>): boolean {
	return target?.kind === "group" && groups.has(target.name);
}

function once(names: readonly string[]): string[] {
	return [...new Set(names)];
}
