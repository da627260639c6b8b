import type { Clock } from "../../clock.js";
import { invalidRequest, notFound, ServiceError } from "../base/errors.js";
import { POLICY_NAME } from "../base/names.js";
import type { Milliseconds } from "../base/time.js";
import { type Policy, readPolicy } from "../identity/policy.js";
import type { Store } from "../store/store.js";

export interface PolicyVersion {
	/** "1", "2", ...: a number is never used twice. */
	readonly versionId: string;
	/** JSON, as it came. */
	readonly document: string;
	readonly createdAt: Milliseconds;
}

export interface NamedPolicy {
	readonly policyName: string;
	/** The newest first. */
	readonly versions: readonly PolicyVersion[];
	readonly defaultVersionId: string;
	/** The number of the newest version that there ever was. */
	readonly lastVersion: number;
	readonly createdAt: Milliseconds;
	readonly modifiedAt: Milliseconds;
}

/** What was kept before policies had versions. */
interface Unversioned {
	readonly policyName: string;
	readonly document: string;
	readonly createdAt: Milliseconds;
}

/** AWS IoT Core quotas: versions of a policy; bytes of its document, blanks not counted. */
const MAX_VERSIONS = 5;
const MAX_DOCUMENT_BYTES = 2_048;

/** The policies of the account, by name. Which certificate and which group has which: `Certificates`, `GroupPolicies`. */
export class Policies {
	readonly #clock: Clock;
	readonly #store: Store | undefined;
	readonly #policies = new Map<string, NamedPolicy>();

	constructor(clock: Clock, store: Store | undefined) {
		this.#clock = clock;
		this.#store = store;
		for (const kept of store?.all<NamedPolicy | Unversioned>("policy") ?? []) {
			this.#policies.set(kept.policyName, "versions" in kept ? kept : versioned(kept));
		}
	}

	/** In the order of their creation. */
	names(): string[] {
		const byCreation = (a: NamedPolicy, b: NamedPolicy) =>
			a.createdAt - b.createdAt || (a.policyName < b.policyName ? -1 : 1);
		return [...this.#policies.values()].sort(byCreation).map(({ policyName }) => policyName);
	}

	has(policyName: string): boolean {
		return this.#policies.has(policyName);
	}

	/** @throws ServiceError when there is none of that name */
	get(policyName: string): NamedPolicy {
		const policy = this.#policies.get(policyName);
		if (policy === undefined) throw notFound(`Policy not found (name=${policyName})`);
		return policy;
	}

	/** @throws ServiceError */
	version(policyName: string, versionId: string): PolicyVersion {
		const found = this.get(policyName).versions.find((version) => version.versionId === versionId);
		if (found === undefined) throw notFound(`Policy version not found (name=${policyName}, version=${versionId})`);
		return found;
	}

	/** @throws ServiceError */
	checkNew(policyName: string, document: string): void {
		POLICY_NAME.check("policyName", policyName);
		if (this.has(policyName)) {
			throw new ServiceError(
				"ResourceAlreadyExists",
				`Policy cannot be created - name already exists (name=${policyName})`,
			);
		}
		checkDocument(document);
	}

	/** @param document has been checked: `checkNew` */
	create(policyName: string, document: string): void {
		const createdAt = this.#clock.now();
		this.#keep(versioned({ policyName, document, createdAt }));
	}

	/** @throws ServiceError when it has too many, or is not valid */
	addVersion(policyName: string, document: string, isDefault: boolean): PolicyVersion {
		const policy = this.get(policyName);
		checkDocument(document);
		if (policy.versions.length >= MAX_VERSIONS) {
			const message = `The policy ${policyName} already has the maximum number of versions (${MAX_VERSIONS})`;
			throw new ServiceError("VersionsLimitExceeded", message);
		}
		const createdAt = this.#clock.now();
		const lastVersion = policy.lastVersion + 1;
		const version = { versionId: String(lastVersion), document, createdAt };
		this.#keep({
			...policy,
			...{ lastVersion, versions: [version, ...policy.versions], modifiedAt: createdAt },
			...(isDefault && { defaultVersionId: version.versionId }),
		});
		return version;
	}

	/** @throws ServiceError */
	setDefault(policyName: string, versionId: string): void {
		this.version(policyName, versionId);
		this.#keep({ ...this.get(policyName), defaultVersionId: versionId, modifiedAt: this.#clock.now() });
	}

	/** @throws ServiceError when it is the default one */
	deleteVersion(policyName: string, versionId: string): void {
		const policy = this.get(policyName);
		this.version(policyName, versionId);
		if (policy.defaultVersionId === versionId) {
			throw new ServiceError("DeleteConflict", "Cannot delete the default version of a policy");
		}
		this.#keep({
			...policy,
			versions: policy.versions.filter((version) => version.versionId !== versionId),
			modifiedAt: this.#clock.now(),
		});
	}

	/** @param isAttached to a certificate or a group @throws ServiceError while it is, or has other versions */
	delete(policyName: string, isAttached: boolean): void {
		const { versions } = this.get(policyName);
		const refuse = (why: string) =>
			new ServiceError("DeleteConflict", `The policy cannot be deleted as ${why} (name=${policyName})`);
		if (isAttached) throw refuse("the policy is attached to one or more principals");
		// AWS writes "than than"; scripts match on it.
		if (versions.length > 1) throw refuse("versions other than than default version exist");
		this.#policies.delete(policyName);
		this.#store?.remove(["policy", policyName]);
	}

	/** The text that is in force. Unknown names have none. */
	document(policyName: string): string | undefined {
		const policy = this.#policies.get(policyName);
		return policy && this.version(policyName, policy.defaultVersionId).document;
	}

	/** One policy with the statements of all of these. Names that are unknown are passed over. */
	merged(policyNames: Iterable<string>): Policy {
		const documents = [...policyNames].flatMap((name) => this.document(name) ?? []);
		return { Version: "2012-10-17", Statement: documents.flatMap((text) => readPolicy(text).Statement) };
	}

	#keep(policy: NamedPolicy): void {
		this.#store?.put(["policy", policy.policyName], policy);
		this.#policies.set(policy.policyName, policy);
	}
}

function versioned({ policyName, document, createdAt }: Unversioned): NamedPolicy {
	const versions = [{ versionId: "1", document, createdAt }];
	return { policyName, versions, defaultVersionId: "1", lastVersion: 1, createdAt, modifiedAt: createdAt };
}

function checkDocument(document: string): void {
	if (Buffer.byteLength(document.replace(/\s/g, "")) > MAX_DOCUMENT_BYTES) {
		throw invalidRequest(`policyDocument: at most ${MAX_DOCUMENT_BYTES} bytes, blanks not counted`);
	}
	try {
		readPolicy(document);
	} catch (error) {
		throw new ServiceError("MalformedPolicy", (error as Error).message);
	}
}
