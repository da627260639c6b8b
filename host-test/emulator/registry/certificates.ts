import { createPublicKey } from "node:crypto";
import type { FastifyInstance } from "fastify";
import type { Clock } from "../../clock.js";
import { ApiError, invalidRequest, notFound } from "../api/errors.js";
import { type PageQuery, paginate } from "../api/pagination.js";
import type { Principal } from "../identity/permissions.js";
import { certificateId as idOf, type Pki } from "../identity/pki.js";
import { DEVICE_POLICY, type Policy, readPolicy } from "../identity/policy.js";
import type { Store } from "../store/store.js";
import { arn, certificateArn } from "./arn.js";
import type { Registry } from "./things.js";

type Status = "ACTIVE" | "INACTIVE" | "REVOKED";

interface Certificate {
	readonly certificateId: string;
	/** PEM */
	readonly pem: string;
	readonly status: Status;
	readonly createdAt: number;
	/** The things that it is attached to; a connection speaks for the first. */
	readonly things: readonly string[];
	/** Names of policies; with none a device may do what its jobs need. */
	readonly policies: readonly string[];
}

interface NamedPolicy {
	readonly policyName: string;
	readonly document: string;
	readonly createdAt: number;
}

interface Options {
	readonly pki: Pki;
	readonly registry: Registry;
	readonly store: Store | undefined;
	readonly clock: Clock;
}

/** Who may connect: certificates, the things that they are attached to, and the policies that are attached to them. */
export class Certificates {
	readonly #options: Options;
	readonly #certificates = new Map<string, Certificate>();
	readonly #policies = new Map<string, NamedPolicy>();
	/** Those of the things on the command line, with policies from files. */
	readonly #given = new Map<string, Principal>();

	constructor(options: Options) {
		this.#options = options;
		const { store, registry } = options;
		for (const kept of store?.all<Certificate>("certificate") ?? []) this.#certificates.set(kept.certificateId, kept);
		for (const kept of store?.all<NamedPolicy>("policy") ?? []) this.#policies.set(kept.policyName, kept);
		registry.on("removed", (thingName) => this.#forgetThing(thingName));
	}

	/** A certificate of a thing that was named at the start. */
	give(certificate: string, thingName: string, policy: Policy): void {
		this.#given.set(idOf(certificate), { thingName, policy });
	}

	principalOf(certificateId: string): Principal | undefined {
		const given = this.#given.get(certificateId);
		if (given !== undefined) return given;
		const certificate = this.#certificates.get(certificateId);
		const [thingName] = certificate?.things ?? [];
		if (certificate?.status !== "ACTIVE" || thingName === undefined) return undefined;
		return { thingName, policy: this.#policyOf(certificate) };
	}

	#policyOf({ policies }: Certificate): Policy {
		if (policies.length === 0) return DEVICE_POLICY;
		const documents = policies.flatMap((name) => this.#policies.get(name)?.document ?? []);
		return { Version: "2012-10-17", Statement: documents.flatMap((text) => readPolicy(text).Statement) };
	}

	routes(server: FastifyInstance): void {
		this.#certificateRoutes(server);
		this.#principalRoutes(server);
		this.#policyRoutes(server);
	}

	/** CreateKeysAndCertificate; Describe-, Update-, Delete- and ListCertificates. */
	#certificateRoutes(server: FastifyInstance): void {
		type Call = {
			Params: { id: string };
			Querystring: { newStatus?: string; setAsActive?: string; forceDelete?: string };
		};
		server.post<Call>("/keys-and-certificate", async ({ query }) => {
			const { certificate: pem, privateKey } = await this.#options.pki.issueForDevice("AWS IoT Certificate");
			const status: Status = query.setAsActive === "true" ? "ACTIVE" : "INACTIVE";
			const certificateId = idOf(pem);
			const createdAt = this.#options.clock.now();
			this.#keep({ certificateId, pem, status, createdAt, things: [], policies: [] });
			const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "pem" });
			return {
				certificateArn: certificateArn(certificateId),
				certificateId,
				certificatePem: pem,
				keyPair: { PublicKey: publicKey, PrivateKey: privateKey },
			};
		});
		server.get<Call>("/certificates/:id", ({ params: { id } }) => {
			const certificate = this.#certificate(id);
			const { createdAt, pem } = certificate;
			return {
				certificateDescription: { ...summary(certificate), certificatePem: pem, lastModifiedDate: createdAt / 1_000 },
			};
		});
		server.put<Call>("/certificates/:id", ({ params: { id }, query: { newStatus } }) => {
			if (newStatus !== "ACTIVE" && newStatus !== "INACTIVE" && newStatus !== "REVOKED") {
				throw invalidRequest("newStatus: ACTIVE, INACTIVE or REVOKED");
			}
			this.#keep({ ...this.#certificate(id), status: newStatus });
			return {};
		});
		server.delete<Call>("/certificates/:id", ({ params: { id }, query: { forceDelete } }) => {
			const { status, things, policies } = this.#certificate(id);
			if (status === "ACTIVE")
				throw new ApiError(406, "CertificateStateException", "Set it INACTIVE before it is deleted");
			if (things.length > 0 || (policies.length > 0 && forceDelete !== "true")) {
				throw new ApiError(409, "DeleteConflictException", "It is attached to a thing, or has a policy");
			}
			this.#certificates.delete(id);
			this.#options.store?.remove(["certificate", id]);
			return {};
		});
		server.get<{ Querystring: PageQuery }>("/certificates", ({ query }) => {
			const all = [...this.#certificates.values()].reverse();
			const { items, nextToken } = paginate(all, tokensOf(query), ({ certificateId }) => certificateId);
			return { certificates: items.map(summary), nextMarker: nextToken };
		});
	}

	/** AttachThingPrincipal, DetachThingPrincipal, ListThingPrincipals, ListPrincipalThings. */
	#principalRoutes(server: FastifyInstance): void {
		type Call = { Params: { name: string }; Querystring: PageQuery };
		const principal = (headers: Record<string, unknown>) => this.#byArn(headers["x-amzn-principal"]);
		server.put<Call>("/things/:name/principals", ({ params: { name }, headers }) => {
			this.#options.registry.thing(name);
			const certificate = principal(headers);
			this.#keep({ ...certificate, things: [...new Set([...certificate.things, name])] });
			return {};
		});
		server.delete<Call>("/things/:name/principals", ({ params: { name }, headers }) => {
			this.#options.registry.thing(name);
			const certificate = principal(headers);
			this.#keep({ ...certificate, things: certificate.things.filter((thing) => thing !== name) });
			return {};
		});
		server.get<Call>("/things/:name/principals", ({ params: { name }, query }) => {
			this.#options.registry.thing(name);
			const all = [...this.#certificates.values()].filter(({ things }) => things.includes(name));
			const { items, nextToken } = paginate(all, query, ({ certificateId }) => certificateId);
			return { principals: items.map(({ certificateId }) => certificateArn(certificateId)), nextToken };
		});
		server.get<Call>("/principals/things", ({ headers, query }) => {
			const { items, nextToken } = paginate(principal(headers).things, query, (thing) => thing);
			return { things: items, nextToken };
		});
	}

	/** Create-, Get-, Delete- and ListPolicies; Attach- and DetachPolicy; ListAttachedPolicies. */
	#policyRoutes(server: FastifyInstance): void {
		const { store, clock } = this.#options;
		type Call = { Params: { name: string }; Body: Record<string, unknown> | null };
		server.post<Call>("/policies/:name", ({ params: { name }, body }) => {
			if (!/^[\w+=,.@-]{1,128}$/.test(name)) throw invalidRequest("policyName: 1 to 128 of a-z A-Z 0-9 _ + = , . @ -");
			if (this.#policies.has(name))
				throw new ApiError(409, "ResourceAlreadyExistsException", `Policy ${name} already exists`);
			const document = String(body?.policyDocument);
			try {
				readPolicy(document);
			} catch (error) {
				throw new ApiError(400, "MalformedPolicyException", (error as Error).message);
			}
			const policy = { policyName: name, document, createdAt: clock.now() };
			this.#policies.set(name, policy);
			store?.put(["policy", name], policy);
			return { ...nameAndArn(name), policyDocument: document, policyVersionId: "1" };
		});
		server.get<Call>("/policies/:name", ({ params: { name } }) => {
			const { document, createdAt } = this.#policy(name);
			const date = createdAt / 1_000;
			return {
				...nameAndArn(name),
				policyDocument: document,
				defaultVersionId: "1",
				creationDate: date,
				lastModifiedDate: date,
			};
		});
		server.delete<Call>("/policies/:name", ({ params: { name } }) => {
			this.#policy(name);
			if ([...this.#certificates.values()].some(({ policies }) => policies.includes(name))) {
				throw new ApiError(409, "DeleteConflictException", `Policy ${name} is attached`);
			}
			this.#policies.delete(name);
			store?.remove(["policy", name]);
			return {};
		});
		server.get<{ Querystring: PageQuery }>("/policies", ({ query }) => {
			const { items, nextToken } = paginate([...this.#policies.keys()], tokensOf(query), (name) => name);
			return { policies: items.map(nameAndArn), nextMarker: nextToken };
		});
		server.put<Call>("/target-policies/:name", ({ params: { name }, body }) => {
			this.#policy(name);
			const certificate = this.#byArn(body?.target);
			this.#keep({ ...certificate, policies: [...new Set([...certificate.policies, name])] });
			return {};
		});
		server.post<Call>("/target-policies/:name", ({ params: { name }, body }) => {
			this.#policy(name);
			const certificate = this.#byArn(body?.target);
			this.#keep({ ...certificate, policies: certificate.policies.filter((policy) => policy !== name) });
			return {};
		});
		server.post<{ Params: { target: string } }>("/attached-policies/:target", ({ params: { target } }) => ({
			policies: this.#byArn(target).policies.map(nameAndArn),
		}));
	}

	#keep(certificate: Certificate): void {
		this.#certificates.set(certificate.certificateId, certificate);
		this.#options.store?.put(["certificate", certificate.certificateId], certificate);
	}

	#forgetThing(thingName: string): void {
		for (const certificate of [...this.#certificates.values()]) {
			if (!certificate.things.includes(thingName)) continue;
			this.#keep({ ...certificate, things: certificate.things.filter((thing) => thing !== thingName) });
		}
	}

	#certificate(id: string): Certificate {
		const certificate = this.#certificates.get(id);
		if (certificate === undefined) throw notFound(`Certificate ${id} does not exist`);
		return certificate;
	}

	#byArn(value: unknown): Certificate {
		const id = /^arn:[^:]+:iot:[^:]*:[^:]*:cert\/([0-9a-f]{64})$/.exec(String(value))?.[1];
		if (id === undefined) throw invalidRequest(`principal: ${String(value)} is not the ARN of a certificate`);
		return this.#certificate(id);
	}

	#policy(name: string): NamedPolicy {
		const policy = this.#policies.get(name);
		if (policy === undefined) throw notFound(`Policy ${name} does not exist`);
		return policy;
	}
}

/** These lists of AWS's say marker and pageSize where all others say nextToken and maxResults. */
function tokensOf(query: PageQuery & { marker?: string; pageSize?: string }): PageQuery {
	return { nextToken: query.marker, maxResults: query.pageSize };
}

function summary({ certificateId, status, createdAt }: Certificate) {
	return { certificateArn: certificateArn(certificateId), certificateId, status, creationDate: createdAt / 1_000 };
}

const nameAndArn = (policyName: string) => ({ policyName, policyArn: arn(`policy/${policyName}`) });
