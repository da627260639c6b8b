import { certificateArn, groupArn, parseArn } from "../base/arn.js";
import { invalidRequest } from "../base/errors.js";
import type { Certificates } from "./certificates.js";
import type { GroupPolicies } from "./group-policies.js";
import type { Policies } from "./policies.js";

/** What policies are attached to, named by its ARN: certificates and thing groups. */
export class PolicyTargets {
	readonly #policies: Policies;
	readonly #certificates: Certificates;
	readonly #groups: GroupPolicies;

	constructor(policies: Policies, certificates: Certificates, groups: GroupPolicies) {
		this.#policies = policies;
		this.#certificates = certificates;
		this.#groups = groups;
	}

	/** @throws ServiceError */
	attach(target: unknown, policyName: string): void {
		const group = groupOf(target);
		if (group === undefined) this.#certificates.attachPolicy(target, policyName);
		else this.#groups.attach(group, policyName);
	}

	/** @throws ServiceError */
	detach(target: unknown, policyName: string): void {
		const group = groupOf(target);
		if (group === undefined) this.#certificates.detachPolicy(target, policyName);
		else this.#groups.detach(group, policyName);
	}

	/** @param recursive of a group: also those of the groups above it @throws ServiceError */
	policiesOf(target: unknown, recursive = false): readonly string[] {
		const group = groupOf(target);
		return group === undefined ? this.#certificates.byArn(target).policies : this.#groups.of(group, recursive);
	}

	/** ARNs: certificates in the order of their creation, then groups. @throws ServiceError when there is no such policy */
	having(policyName: string): string[] {
		this.#policies.get(policyName);
		return [...this.principalsHaving(policyName), ...this.#groups.having(policyName).map(groupArn)];
	}

	/** Certificates alone. @throws ServiceError when there is no such policy */
	principalsHaving(policyName: string): string[] {
		return this.#certificates.ofPolicy(policyName).map(({ certificateId }) => certificateArn(certificateId));
	}

	/** All that is in force for a certificate, or a thing, or a certificate for a thing. @throws ServiceError */
	effective(principal: unknown, thingName: string | undefined): string[] {
		if (principal === undefined && thingName === undefined) throw invalidRequest("principal or thingName");
		const certificate = principal === undefined ? undefined : this.#certificates.byArn(principal);
		const ofThing = thingName === undefined ? [] : this.#certificates.ofThing(thingName);
		const things = thingName === undefined ? (certificate?.things ?? []) : [thingName];
		const certificates = certificate === undefined ? ofThing : [certificate];
		const names = [
			...certificates.flatMap(({ policies }) => policies),
			...things.flatMap((thing) => this.#groups.ofThing(thing)),
		];
		return [...new Set(names)];
	}

	/** @throws ServiceError while it is attached, or has other versions */
	deletePolicy(policyName: string): void {
		this.#policies.delete(policyName, this.having(policyName).length > 0);
	}
}

/** @returns undefined when it is not the ARN of a group */
function groupOf(target: unknown): string | undefined {
	const { kind, name } = parseArn(typeof target === "string" ? target : "") ?? {};
	return kind === "thinggroup" ? name : undefined;
}
