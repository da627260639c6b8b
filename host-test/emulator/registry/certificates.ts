import { createPublicKey } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Clock } from "../../clock.js";
import { parseArn } from "../base/arn.js";
import { invalidRequest, notFound, ServiceError } from "../base/errors.js";
import type { Milliseconds } from "../base/time.js";
import type { Principal } from "../identity/permissions.js";
import { certificateId as idOf, type Pki } from "../identity/pki.js";
import { DEVICE_POLICY, type Policy } from "../identity/policy.js";
import type { Store } from "../store/store.js";
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
	/** The things that it is attached to; a connection speaks for the first. */
	readonly things: readonly string[];
	/** Names of policies. Without any, a device may do what its jobs need: `DEVICE_POLICY`. */
	readonly policies: readonly string[];
}

export interface CertificatesOptions {
	readonly pki: Pki;
	readonly registry: Registry;
	readonly policies: Policies;
	readonly clock: Clock;
	readonly store: Store | undefined;
}

interface CertificateEvents {
	/** It may not connect any more. */
	refused: [certificateId: string];
}

/** Who may connect: certificates, with the things and the policies that are attached to them. */
export class Certificates extends EventEmitter<CertificateEvents> {
	readonly #options: CertificatesOptions;
	readonly #certificates = new Map<string, Certificate>();
	/** Certificates of the things on the command line, with policies from files. They are in no list. */
	readonly #given = new Map<string, Principal>();

	constructor(options: CertificatesOptions) {
		super();
		this.#options = options;
		const { registry, store } = options;
		for (const kept of store?.all<Certificate>("certificate") ?? []) this.#certificates.set(kept.certificateId, kept);
		registry.on("removed", (thingName) => this.#forgetThing(thingName));
	}

	/** A certificate of a thing that was named at the start. @param certificate PEM */
	give(certificate: string, thingName: string, policy: Policy): void {
		this.#given.set(idOf(certificate), { thingName, policy });
	}

	/** For whom a client with this certificate speaks; undefined when it may not connect. */
	principalOf(certificateId: string): Principal | undefined {
		const given = this.#given.get(certificateId);
		if (given !== undefined) return given;
		const certificate = this.#certificates.get(certificateId);
		const [thingName] = certificate?.things ?? [];
		if (certificate?.status !== "ACTIVE" || thingName === undefined) return undefined;
		const { policies } = certificate;
		return { thingName, policy: policies.length === 0 ? DEVICE_POLICY : this.#options.policies.merged(policies) };
	}

	/** In the order of their creation. */
	list(): Certificate[] {
		return [...this.#certificates.values()];
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
		const certificateId = idOf(pem);
		const createdAt = this.#options.clock.now();
		const certificate: Certificate = { certificateId, pem, status, createdAt, things: [], policies: [] };
		this.#keep(certificate);
		const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "pem" }) as string;
		return { certificate, publicKey, privateKey };
	}

	/** @throws ServiceError */
	setStatus(certificateId: string, status: CertificateStatus): void {
		this.#keep({ ...this.get(certificateId), status });
	}

	/** @param force even when it has policies @throws ServiceError while it is ACTIVE or attached */
	delete(certificateId: string, force: boolean): void {
		const { status, things, policies } = this.get(certificateId);
		if (status === "ACTIVE") throw new ServiceError("CertificateState", "Set it INACTIVE before it is deleted");
		if (things.length > 0 || (policies.length > 0 && !force)) {
			throw new ServiceError("DeleteConflict", "It is attached to a thing, or has a policy");
		}
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
		return this.list().filter(({ things }) => things.includes(thingName));
	}

	/** @throws ServiceError */
	attachPolicy(arn: unknown, policyName: string): void {
		this.#options.policies.get(policyName);
		const certificate = this.byArn(arn);
		this.#keep({ ...certificate, policies: [...new Set([...certificate.policies, policyName])] });
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
		return this.list().filter(({ policies }) => policies.includes(policyName));
	}

	/** @throws ServiceError while a certificate has the policy */
	deletePolicy(policyName: string): void {
		const { policies } = this.#options;
		if (this.ofPolicy(policyName).length > 0) {
			throw new ServiceError("DeleteConflict", `Policy ${policyName} is attached`);
		}
		policies.delete(policyName);
	}

	#keep(certificate: Certificate): void {
		const { certificateId } = certificate;
		const was = this.principalOf(certificateId);
		this.#options.store?.put(["certificate", certificateId], certificate);
		this.#certificates.set(certificateId, certificate);
		if (was !== undefined && this.principalOf(certificateId) === undefined) this.emit("refused", certificateId);
	}

	#forgetThing(thingName: string): void {
		for (const certificate of this.list()) {
			if (!certificate.things.includes(thingName)) continue;
			this.#keep({ ...certificate, things: certificate.things.filter((thing) => thing !== thingName) });
		}
	}
}
