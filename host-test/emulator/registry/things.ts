import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Clock } from "../../clock.js";
import { invalidRequest, notFound, ServiceError } from "../base/errors.js";
import type { Milliseconds } from "../base/time.js";
import type { Store } from "../store/store.js";

export interface Thing {
	readonly thingName: string;
	readonly thingId: string;
	readonly attributes: Readonly<Record<string, string>>;
	/** 1, and one more with each update. */
	readonly version: number;
}

export interface ThingGroup {
	readonly groupName: string;
	readonly groupId: string;
	readonly parent: string | undefined;
	readonly description: string | undefined;
	readonly attributes: Readonly<Record<string, string>>;
	readonly version: number;
	readonly createdAt: Milliseconds;
	/** Names of the things that are in this very group, in the order in which they came. */
	readonly things: readonly string[];
}

interface RegistryEvents {
	/** A thing was created. */
	added: [thingName: string];
	/** A thing is about to be deleted. */
	removed: [thingName: string];
	/** A thing's groups have changed: see `allGroupsOf`. */
	groupDeleted: [groupName: string];
	regrouped: [thingName: string, before: ReadonlySet<string>, after: ReadonlySet<string>];
}

/** AWS IoT Device Management quotas: groups above a static group, and groups that a thing may be in. */
const MAX_DEPTH = 7;
const MAX_GROUPS_OF_THING = 10;

/** Things, and the static groups in which they are. */
export class Registry extends EventEmitter<RegistryEvents> {
	readonly #clock: Clock;
	readonly #store: Store | undefined;
	readonly #things = new Map<string, Thing>();
	readonly #groups = new Map<string, ThingGroup>();
	/** Names of the things that are in a group. */
	readonly #members = new Map<string, Set<string>>();
	/** Names of the groups that a thing is in. */
	readonly #groupsOf = new Map<string, Set<string>>();

	constructor(clock: Clock, store: Store | undefined) {
		super();
		this.#clock = clock;
		this.#store = store;
		for (const thing of store?.all<Thing>("thing") ?? []) this.#things.set(thing.thingName, thing);
		for (const group of store?.all<Omit<ThingGroup, "things">>("group") ?? []) {
			this.#groups.set(group.groupName, { ...group, things: [] });
			this.#members.set(group.groupName, new Set());
		}
		for (const { group, thing } of store?.all<{ group: string; thing: string }>("member") ?? []) {
			this.#members.get(group)?.add(thing);
			this.#ownGroups(thing).add(group);
		}
	}

	// ---- things

	things(): Thing[] {
		return [...this.#things.values()];
	}

	findThing(thingName: string): Thing | undefined {
		return this.#things.get(thingName);
	}

	/** @throws ServiceError */
	thing(thingName: string): Thing {
		const thing = this.#things.get(thingName);
		if (thing === undefined) throw notFound(`Thing ${thingName} does not exist`);
		return thing;
	}

	/** Creating the same thing again changes nothing. @throws ServiceError when it has other attributes */
	createThing(thingName: string, attributes: Readonly<Record<string, string>> = {}): Thing {
		const old = this.#things.get(thingName);
		if (old !== undefined) {
			if (JSON.stringify(old.attributes) === JSON.stringify(attributes)) return old;
			throw new ServiceError(
				"ResourceAlreadyExists",
				`Thing ${thingName} already exists in account with different attributes`,
			);
		}
		const thing = { thingName, thingId: randomUUID(), attributes, version: 1 };
		this.#store?.put(["thing", thingName], thing);
		this.#things.set(thingName, thing);
		this.emit("added", thingName);
		return thing;
	}

	/** @throws ServiceError when its version is not the expected one */
	updateThing(thingName: string, attributes: Readonly<Record<string, string>>, expectedVersion?: number): void {
		const old = this.thing(thingName);
		checkVersion(`Thing ${thingName}`, old.version, expectedVersion);
		const thing = { ...old, attributes, version: old.version + 1 };
		this.#store?.put(["thing", thingName], thing);
		this.#things.set(thingName, thing);
	}

	/** @throws ServiceError when its version is not the expected one */
	deleteThing(thingName: string, expectedVersion?: number): void {
		const thing = this.#things.get(thingName);
		if (thing === undefined) return; // AWS: deleting a thing that does not exist is no error
		checkVersion(`Thing ${thingName}`, thing.version, expectedVersion);
		for (const groupName of [...this.#ownGroups(thingName)]) this.removeFromGroup(groupName, thingName);
		this.emit("removed", thingName);
		this.#store?.remove(["thing", thingName]);
		this.#things.delete(thingName);
		this.#groupsOf.delete(thingName);
	}

	// ---- groups

	groups(): ThingGroup[] {
		return [...this.#groups.values()].map(({ groupName }) => this.group(groupName));
	}

	/** @throws ServiceError */
	group(groupName: string): ThingGroup {
		this.#mustExist(groupName);
		const group = this.#groups.get(groupName) as ThingGroup;
		return { ...group, things: [...(this.#members.get(groupName) ?? [])] };
	}

	#mustExist(groupName: string): void {
		if (!this.#groups.has(groupName)) throw notFound(`Thing group ${groupName} does not exist`);
	}

	hasGroup(groupName: string): boolean {
		return this.#groups.has(groupName);
	}

	/** @throws ServiceError */
	createGroup(options: Pick<ThingGroup, "groupName" | "parent" | "description" | "attributes">): ThingGroup {
		const { groupName, parent, description, attributes } = options;
		const old = this.#groups.get(groupName);
		if (old !== undefined) {
			const isSame =
				old.parent === parent &&
				old.description === description &&
				JSON.stringify(old.attributes) === JSON.stringify(attributes);
			if (isSame) return old;
			throw new ServiceError("ResourceAlreadyExists", `Thing group ${groupName} already exists and is another`);
		}
		if (parent !== undefined) this.group(parent);
		if (this.ancestors(parent).length >= MAX_DEPTH)
			throw invalidRequest(`parentGroupName: at most ${MAX_DEPTH} groups above a group`);
		const group: ThingGroup = {
			...{ groupName, parent, description, attributes },
			...{ groupId: randomUUID(), version: 1, createdAt: this.#clock.now(), things: [] },
		};
		this.#keepGroup(group);
		this.#groups.set(groupName, group);
		this.#members.set(groupName, new Set());
		return group;
	}

	/** @returns its new version @throws ServiceError when its version is not the expected one */
	updateGroup(
		groupName: string,
		change: Pick<ThingGroup, "description" | "attributes">,
		expectedVersion: number | undefined,
	): number {
		const old = this.group(groupName);
		checkVersion(`Thing group ${groupName}`, old.version, expectedVersion);
		const group = { ...old, ...change, version: old.version + 1 };
		this.#keepGroup(group);
		this.#groups.set(groupName, group);
		return group.version;
	}

	/** @throws ServiceError while it has child groups, or when its version is not the expected one */
	deleteGroup(groupName: string, expectedVersion?: number): void {
		const group = this.#groups.get(groupName);
		if (group === undefined) return;
		checkVersion(`Thing group ${groupName}`, group.version, expectedVersion);
		if ([...this.#groups.values()].some(({ parent }) => parent === groupName)) {
			throw invalidRequest(`Thing group ${groupName} has child groups`);
		}
		for (const thingName of [...(this.#members.get(groupName) ?? [])]) this.removeFromGroup(groupName, thingName);
		this.#store?.remove(["group", groupName]);
		this.#groups.delete(groupName);
		this.#members.delete(groupName);
		this.emit("groupDeleted", groupName);
	}

	/** A group and those above it, the root last. */
	ancestors(groupName: string | undefined): string[] {
		const names: string[] = [];
		for (let name = groupName; name !== undefined; name = this.#groups.get(name)?.parent) names.push(name);
		return names;
	}

	/** @throws ServiceError */
	addToGroup(groupName: string, thingName: string): void {
		this.#mustExist(groupName);
		this.thing(thingName);
		const own = this.#ownGroups(thingName);
		if (own.has(groupName)) return;
		if (own.size >= MAX_GROUPS_OF_THING) throw invalidRequest(`A thing is in at most ${MAX_GROUPS_OF_THING} groups`);
		const root = this.ancestors(groupName).at(-1);
		if ([...own].some((other) => this.ancestors(other).at(-1) === root)) {
			throw invalidRequest(`Thing ${thingName} is in a group of the same hierarchy already`);
		}
		this.#regroup(thingName, groupName, true);
	}

	/** @throws ServiceError */
	removeFromGroup(groupName: string, thingName: string): void {
		this.#mustExist(groupName);
		this.thing(thingName);
		this.#regroup(thingName, groupName, false);
	}

	/** The groups that a thing was added to. @throws ServiceError */
	groupsOf(thingName: string): string[] {
		this.thing(thingName);
		return [...this.#ownGroups(thingName)];
	}

	/** @param recursive also the things of the groups below it @throws ServiceError */
	membersOf(groupName: string, recursive: boolean): string[] {
		this.#mustExist(groupName);
		const names = [...(this.#members.get(groupName) ?? [])];
		if (!recursive) return names;
		for (const { groupName: child, parent } of this.#groups.values()) {
			if (parent === groupName) names.push(...this.membersOf(child, true));
		}
		return [...new Set(names)];
	}

	/** All groups that a thing is in: its own ones, and those above them. */
	allGroupsOf(thingName: string): Set<string> {
		return new Set([...this.#ownGroups(thingName)].flatMap((groupName) => this.ancestors(groupName)));
	}

	/** When those who are told cannot follow, the thing's groups stay what they were. */
	#regroup(thingName: string, groupName: string, isMember: boolean): void {
		const before = this.allGroupsOf(thingName);
		const was = this.#ownGroups(thingName).has(groupName);
		this.#setMember(thingName, groupName, isMember);
		try {
			this.emit("regrouped", thingName, before, this.allGroupsOf(thingName));
		} catch (error) {
			this.#setMember(thingName, groupName, was);
			throw error;
		}
	}

	#setMember(thingName: string, groupName: string, isMember: boolean): void {
		const own = this.#ownGroups(thingName);
		const members = this.#members.get(groupName);
		if (isMember) {
			this.#store?.put(["member", groupName, thingName], { group: groupName, thing: thingName });
			own.add(groupName);
			members?.add(thingName);
		} else {
			this.#store?.remove(["member", groupName, thingName]);
			own.delete(groupName);
			members?.delete(thingName);
		}
	}

	#ownGroups(thingName: string): Set<string> {
		let groups = this.#groupsOf.get(thingName);
		if (groups === undefined) {
			groups = new Set();
			this.#groupsOf.set(thingName, groups);
		}
		return groups;
	}

	#keepGroup({ things: _, ...group }: ThingGroup): void {
		this.#store?.put(["group", group.groupName], group);
	}
}

function checkVersion(what: string, version: number, expected: number | undefined): void {
	if (expected === undefined || expected === version) return;
	throw new ServiceError("VersionConflict", `${what} has version ${version}, and not the expected ${expected}`);
}
