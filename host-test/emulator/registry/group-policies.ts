import { ServiceError } from "../base/errors.js";
import type { Store } from "../store/store.js";
import type { Policies } from "./policies.js";
import type { Registry } from "./things.js";

/** AWS IoT Core quotas: policies of a group. */
const MAX_POLICIES = 2;

/** Which policies are attached to thing groups. They are in force for the things in the group and in those below it. */
export class GroupPolicies {
	readonly #registry: Registry;
	readonly #policies: Policies;
	readonly #store: Store | undefined;
	/** Names of policies, by the name of the group. */
	readonly #attached = new Map<string, readonly string[]>();

	constructor(registry: Registry, policies: Policies, store: Store | undefined) {
		this.#registry = registry;
		this.#policies = policies;
		this.#store = store;
		for (const { group, names } of store?.all<{ group: string; names: readonly string[] }>("group-policies") ?? [])
			this.#attached.set(group, names);
		registry.on("groupDeleted", (group) => this.#keep(group, []));
	}

	/** @throws ServiceError */
	attach(group: string, policyName: string): void {
		this.#policies.get(policyName);
		const names = this.of(group);
		if (names.includes(policyName)) return;
		if (names.length >= MAX_POLICIES) {
			throw new ServiceError("LimitExceeded", `A thing group has at most ${MAX_POLICIES} policies`);
		}
		this.#keep(group, [...names, policyName]);
	}

	/** @throws ServiceError */
	detach(group: string, policyName: string): void {
		this.#policies.get(policyName);
		this.#keep(
			group,
			this.of(group).filter((name) => name !== policyName),
		);
	}

	/** @param recursive also those of the groups above it @throws ServiceError when there is no such group */
	of(group: string, recursive = false): string[] {
		this.#registry.group(group);
		const groups = recursive ? this.#registry.ancestors(group) : [group];
		return [...new Set(groups.flatMap((name) => this.#attached.get(name) ?? []))];
	}

	/** All that is in force for a thing. */
	ofThing(thingName: string): string[] {
		if (this.#attached.size === 0) return [];
		return [...this.#registry.allGroupsOf(thingName)].flatMap((group) => this.#attached.get(group) ?? []);
	}

	/** Names of the groups that have a policy. */
	having(policyName: string): string[] {
		return [...this.#attached].flatMap(([group, names]) => (names.includes(policyName) ? group : []));
	}

	#keep(group: string, names: readonly string[]): void {
		if (names.length > 0) {
			this.#store?.put(["group-policies", group], { group, names });
			this.#attached.set(group, names);
		} else if (this.#attached.delete(group)) this.#store?.remove(["group-policies", group]);
	}
}
