import type { Clock } from "../../clock.js";
import { notFound, ServiceError } from "../base/errors.js";
import { POLICY_NAME } from "../base/names.js";
import type { Milliseconds } from "../base/time.js";
import { type Policy, readPolicy } from "../identity/policy.js";
import type { Store } from "../store/store.js";

export interface NamedPolicy {
	readonly policyName: string;
	/** JSON, as it came. */
	readonly document: string;
	readonly createdAt: Milliseconds;
}

/** The policies of the account, by name. Which certificate has which is known to `Certificates`. */
export class Policies {
	readonly #clock: Clock;
	readonly #store: Store | undefined;
	readonly #policies = new Map<string, NamedPolicy>();

	constructor(clock: Clock, store: Store | undefined) {
		this.#clock = clock;
		this.#store = store;
		for (const kept of store?.all<NamedPolicy>("policy") ?? []) this.#policies.set(kept.policyName, kept);
	}

	names(): string[] {
		return [...this.#policies.keys()];
	}

	/** @throws ServiceError when there is none of that name */
	get(policyName: string): NamedPolicy {
		const policy = this.#policies.get(policyName);
		if (policy === undefined) throw notFound(`Policy ${policyName} does not exist`);
		return policy;
	}

	/** @throws ServiceError */
	create(policyName: string, document: string): void {
		POLICY_NAME.check("policyName", policyName);
		if (this.#policies.has(policyName)) {
			throw new ServiceError("ResourceAlreadyExists", `Policy ${policyName} already exists`);
		}
		try {
			readPolicy(document);
		} catch (error) {
			throw new ServiceError("MalformedPolicy", (error as Error).message);
		}
		const policy = { policyName, document, createdAt: this.#clock.now() };
		this.#policies.set(policyName, policy);
		this.#store?.put(["policy", policyName], policy);
	}

	delete(policyName: string): void {
		this.#policies.delete(policyName);
		this.#store?.remove(["policy", policyName]);
	}

	/** One policy with the statements of all of these. Names that are unknown are passed over. */
	merged(policyNames: readonly string[]): Policy {
		const documents = policyNames.flatMap((name) => this.#policies.get(name)?.document ?? []);
		return { Version: "2012-10-17", Statement: documents.flatMap((text) => readPolicy(text).Statement) };
	}
}
