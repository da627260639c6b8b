import { createPublicKey, X509Certificate } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Clock } from "../../clock.js";
import { certificateArn, parseArn } from "../base/arn.js";
import { invalidRequest, notFound, ServiceError } from "../base/errors.js";
import type { Milliseconds } from "../base/time.js";
import type { Principal } from "../identity/permissions.js";
import { certificateId as idOf, type Pki } from "../identity/pki.js";
import type { Policy } from "../identity/policy.js";
import type { Store } from "../store/store.js";
import type { GroupPolicies } from "./group-policies.js";
import type { Policies } from "./policies.js";
import type { Registry } from "./things.js";

export const CERTIFICATE_STATUSES = ["ACTIVE", "INACTIVE", "REVOKED"] as const;
export type CertificateStatus = (typeof CERTIFICATE_STATUSES)[number];

export interface Certificate {
	readonly certificateId: string;
	/** PEM */
	readonly pem: string;
	readonly status: CertificateStatus;
	readonly createdAt: Milliseconds;
	/** The things that it is attached to; a connection speaks for the first. There may be none. */
	readonly things: readonly string[];
	/** It is of no CA that is known here: RegisterCertificateWithoutCA. */
	readonly isWithoutCa?: boolean;
	/** Names of policies. Without any, its own or its thing's groups it may not connect, unless it was given one: see `give`. */
	readonly policies: readonly string[];
}

export interface CertificatesOptions {
	readonly pki: Pki;
	readonly registry: Registry;
	readonly policies: Policies;
	readonly groupPolicies: GroupPolicies;
	readonly clock: Clock;
	readonly store: Store | undefined;
}

/** AWS IoT Core quotas: policies of a certificate. */
const MAX_POLICIES = 10;

interface CertificateEvents {
	/** One without its CA. */
	registered: [];
	/** It may not connect any more, or not for the thing for which it did. */
	refused: [certificateId: string];
}

/** Who may connect: certificates, with the things and the policies that are attached to them. */
export class Certificates extends EventEmitter<CertificateEvents> {
	readonly #options: CertificatesOptions;
	readonly #certificates = new Map<string, Certificate>();
	/** Policies of the certificates of things on the command line: these are in force while no other is attached. */
	readonly #given = new Map<string, Policy>();
	/** Ids of all that were ever given: one that was deleted since stays so. */
	readonly #known = new Set<string>();

	constructor(options: CertificatesOptions) {
		super();
		this.#options = options;
		const { registry, store } = options;
		for (const kept of store?.all<Certificate>("certificate") ?? []) this.#certificates.set(kept.certificateId, kept);
		for (const { certificateId } of store?.all<{ certificateId: string }>("given") ?? [])
			this.#known.add(certificateId);
		registry.on("removed", (thingName) => this.#forgetThing(thingName));
	}

	/**
	 * A certificate of a thing that was named at the start: attached to it when it is seen for the first time, and left as the
	 * operator has made it later.
	 *
	 * @param pem the certificate
	 * @param isNew the thing has been made just now
	 */
	give(pem: string, thingName: string, policy: Policy, isNew: boolean): void {
		const certificateId = idOf(pem);
		this.#given.set(certificateId, policy);
		const old = this.#certificates.get(certificateId);
		if (!isNew && (old !== undefined || this.#known.has(certificateId))) return;
		const made = old ?? this.#new(pem, "ACTIVE");
		this.#keep({ ...made, things: [...new Set([...made.things, thingName])] });
		this.#known.add(certificateId);
		this.#options.store?.put(["given", certificateId], { certificateId });
	}

	/** For whom a client with this certificate speaks; undefined when it may not connect. */
	principalOf(certificateId: string): Principal | undefined {
		const certificate = this.#certificates.get(certificateId);
		if (certificate?.status !== "ACTIVE") return undefined;
		const { registry, policies, groupPolicies } = this.#options;
		const [thingName] = certificate.things;
		const ofGroups = thingName === undefined ? [] : groupPolicies.ofThing(thingName);
		const names = new Set([...certificate.policies, ...ofGroups]);
		const policy = names.size > 0 ? policies.merged(names) : this.#given.get(certificateId);
		const attributes = thingName === undefined ? undefined : registry.findThing(thingName)?.attributes;
		return policy && { thingName, attributes, policy };
	}

	/** In the order of their creation. */
	list(): Certificate[] {
		return [...this.#certificates.values()].sort(byCreation);
	}

	/** @throws ServiceError */
	get(certificateId: string): Certificate {
		const certificate = this.#certificates.get(certificateId);
		if (certificate === undefined) throw notFound(`Certificate ${certificateId} does not exist`);
		return certificate;
	}

	/** @throws ServiceError */
	byArn(arn: unknown): Certificate {
		const { kind, name } = parseArn(typeof arn === "string" ? arn : "") ?? {};
		if (kind !== "cert" || name === undefined || !/^[0-9a-f]{64}$/.test(name)) {
			throw invalidRequest(`principal: ${JSON.stringify(arn)} is not the ARN of a certificate`);
		}
		return this.get(name);
	}

	/** Makes a key and a certificate, attached to nothing yet. Both keys are PEM, and not kept. */
	async issue(
		status: CertificateStatus,
	): Promise<{ readonly certificate: Certificate; readonly publicKey: string; readonly privateKey: string }> {
		const { certificate: pem, privateKey } = await this.#options.pki.issueForDevice("AWS IoT Certificate");
		const certificate = this.#new(pem, status);
		const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "pem" }) as string;
		return { certificate, publicKey, privateKey };
	}

	/** Makes a certificate for a key of somebody else. @param request PEM @throws ServiceError */
	async issueFor(request: string, status: CertificateStatus): Promise<Certificate> {
		let pem: string;
		try {
			pem = await this.#options.pki.issueForRequest(request);
		} catch (error) {
			throw invalidRequest(`certificateSigningRequest: ${(error as Error).message}`);
		}
		return this.#new(pem, status);
	}

	/** Takes a certificate of another CA, which does not have to be known. @param text PEM @throws ServiceError */
	register(text: string, status: CertificateStatus): Certificate {
		let pem: string;
		try {
			pem = new X509Certificate(text).toString();
		} catch {
			throw new ServiceError("CertificateValidation", "certificatePem: no certificate in PEM");
		}
		if (this.#certificates.has(idOf(pem))) {
			throw new ServiceError("ResourceAlreadyExists", "The certificate is already provisioned or registered");
		}
		const certificate = this.#new(pem, status, true);
		this.emit("registered");
		return certificate;
	}

	/** PEM */
	withoutCa(): string[] {
		return this.#those(({ isWithoutCa }) => isWithoutCa === true).map(({ pem }) => pem);
	}

	/** @throws ServiceError */
	setStatus(certificateId: string, status: CertificateStatus): void {
		this.#keep({ ...this.get(certificateId), status });
	}

	/** @param force even when it has policies @throws ServiceError while it is ACTIVE or attached */
	delete(certificateId: string, force: boolean): void {
		const { status, things, policies } = this.get(certificateId);
		if (status === "ACTIVE") {
			const message = `Certificate must be deactivated (not ACTIVE) before deletion. Id: ${certificateId}`;
			throw new ServiceError("CertificateState", message);
		}
		const conflict = (what: string) =>
			new ServiceError(
				"DeleteConflict",
				`${what} must be detached before deletion (arn: ${certificateArn(certificateId)})`,
			);
		if (things.length > 0) throw conflict("Things");
		if (policies.length > 0 && !force) throw conflict("Certificate policies");
		this.#options.store?.remove(["certificate", certificateId]);
		this.#certificates.delete(certificateId);
	}

	/** @throws ServiceError */
	attachThing(arn: unknown, thingName: string): void {
		this.#options.registry.thing(thingName);
		const certificate = this.byArn(arn);
		this.#keep({ ...certificate, things: [...new Set([...certificate.things, thingName])] });
	}

	/** @throws ServiceError */
	detachThing(arn: unknown, thingName: string): void {
		this.#options.registry.thing(thingName);
		const certificate = this.byArn(arn);
		this.#keep({ ...certificate, things: certificate.things.filter((thing) => thing !== thingName) });
	}

	/** Those that a thing has. @throws ServiceError when there is no such thing */
	ofThing(thingName: string): Certificate[] {
		this.#options.registry.thing(thingName);
		return this.#those(({ things }) => things.includes(thingName));
	}

	/** @throws ServiceError */
	attachPolicy(arn: unknown, policyName: string): void {
		this.#options.policies.get(policyName);
		const certificate = this.byArn(arn);
		const policies = [...new Set([...certificate.policies, policyName])];
		if (policies.length > MAX_POLICIES) {
			throw new ServiceError("LimitExceeded", `A certificate has at most ${MAX_POLICIES} policies`);
		}
		this.#keep({ ...certificate, policies });
	}

	/** @throws ServiceError */
	detachPolicy(arn: unknown, policyName: string): void {
		this.#options.policies.get(policyName);
		const certificate = this.byArn(arn);
		this.#keep({ ...certificate, policies: certificate.policies.filter((policy) => policy !== policyName) });
	}

	/** Those that have a policy. @throws ServiceError when there is no such policy */
	ofPolicy(policyName: string): Certificate[] {
		this.#options.policies.get(policyName);
		return this.#those(({ policies }) => policies.includes(policyName));
	}

	#new(pem: string, status: CertificateStatus, isWithoutCa = false): Certificate {
		const createdAt = this.#options.clock.now();
		const certificate: Certificate = {
			...{ certificateId: idOf(pem), pem, status, createdAt, things: [], policies: [] },
			...(isWithoutCa && { isWithoutCa }),
		};
		this.#keep(certificate);
		return certificate;
	}

	#those(filter: (certificate: Certificate) => boolean): Certificate[] {
		return [...this.#certificates.values()].filter(filter).sort(byCreation);
	}

	#keep(certificate: Certificate): void {
		const { certificateId } = certificate;
		const was = this.principalOf(certificateId);
		this.#options.store?.put(["certificate", certificateId], certificate);
		this.#certificates.set(certificateId, certificate);
		const is = this.principalOf(certificateId);
		if (was !== undefined && (is === undefined || is.thingName !== was.thingName)) this.emit("refused", certificateId);
	}

	#forgetThing(thingName: string): void {
		for (const certificate of this.#those(({ things }) => things.includes(thingName))) {
			this.#keep({ ...certificate, things: certificate.things.filter((thing) => thing !== thingName) });
		}
	}
}

/** Those of one moment have no order of their own that a restart would keep: their ids give one. */
function byCreation(a: Certificate, b: Certificate): number {
	return a.createdAt - b.createdAt || (a.certificateId < b.certificateId ? -1 : 1);
}
