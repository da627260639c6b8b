import { X509Certificate } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { ACCOUNT, certificateArn } from "../base/arn.js";
import { invalidRequest } from "../base/errors.js";
import { CERTIFICATE_STATUSES, type Certificate, type Certificates } from "../registry/certificates.js";
import { NO_BODY } from "./empty-bodies.js";
import { type Body, oneOf, optionalOneOf, text } from "./members.js";
import { type MarkerQuery, markerPage, type PageQuery, paginate } from "./pagination.js";

interface CertificateCall {
	Params: { id: string };
	Body: Body | null;
	Querystring: MarkerQuery & {
		isAscendingOrder?: string;
		newStatus?: string;
		setAsActive?: string;
		forceDelete?: string;
	};
}

interface PrincipalCall {
	Params: { name: string };
	Querystring: PageQuery & { thingPrincipalType?: string };
}

/** CreateKeysAndCertificate, CreateCertificateFromCsr, RegisterCertificateWithoutCA; Describe-, Update-, Delete- and ListCertificates. */
export function certificateRoutes(server: FastifyInstance, certificates: Certificates): void {
	server.post<CertificateCall>("/keys-and-certificate", async ({ query }) => {
		const issued = await certificates.issue(query.setAsActive === "true" ? "ACTIVE" : "INACTIVE");
		const { certificateId, pem } = issued.certificate;
		return {
			certificateArn: certificateArn(certificateId),
			certificateId,
			certificatePem: pem,
			keyPair: { PublicKey: issued.publicKey, PrivateKey: issued.privateKey },
		};
	});
	server.post<CertificateCall>("/certificates", async ({ query, body }) => {
		const request = text("certificateSigningRequest", body?.certificateSigningRequest);
		const { certificateId, pem } = await certificates.issueFor(
			request,
			query.setAsActive === "true" ? "ACTIVE" : "INACTIVE",
		);
		return { certificateArn: certificateArn(certificateId), certificateId, certificatePem: pem };
	});
	server.post<CertificateCall>("/certificate/register-no-ca", ({ body }) => {
		const status = optionalOneOf("status", body?.status, CERTIFICATE_STATUSES) ?? "INACTIVE";
		const { certificateId } = certificates.register(text("certificatePem", body?.certificatePem), status);
		return { certificateArn: certificateArn(certificateId), certificateId };
	});
	server.get<CertificateCall>("/certificates/:id", ({ params: { id } }) => {
		const certificate = certificates.get(id);
		const { createdAt, pem } = certificate;
		const { validFrom, validTo } = new X509Certificate(pem);
		const validity = { notBefore: Date.parse(validFrom) / 1_000, notAfter: Date.parse(validTo) / 1_000 };
		const version = { customerVersion: 1, generationId: id, ownedBy: ACCOUNT, lastModifiedDate: createdAt / 1_000 };
		return { certificateDescription: { ...summary(certificate), certificatePem: pem, ...version, validity } };
	});
	server.put<CertificateCall>("/certificates/:id", ({ params: { id }, query: { newStatus } }) => {
		certificates.setStatus(id, oneOf("newStatus", newStatus, CERTIFICATE_STATUSES));
		return NO_BODY;
	});
	server.delete<CertificateCall>("/certificates/:id", ({ params: { id }, query: { forceDelete } }) => {
		certificates.delete(id, forceDelete === "true");
		return NO_BODY;
	});
	server.get<CertificateCall>("/certificates", ({ query }) => {
		const all = query.isAscendingOrder === "true" ? certificates.list() : certificates.list().reverse();
		const { items, nextMarker } = markerPage(all, query, ({ certificateId }) => certificateId);
		return { certificates: items.map(summary), nextMarker };
	});
}

/** A principal that speaks for one thing and no other. */
const EXCLUSIVE = "EXCLUSIVE_THING";

/** AttachThingPrincipal, DetachThingPrincipal, ListThingPrincipals(V2), ListPrincipalThings(V2): a header names the certificate. */
export function principalRoutes(server: FastifyInstance, certificates: Certificates): void {
	const principal = "x-amzn-principal";
	server.put<PrincipalCall>("/things/:name/principals", ({ params: { name }, headers, query }) => {
		if (query.thingPrincipalType === EXCLUSIVE)
			throw invalidRequest(`thingPrincipalType: ${EXCLUSIVE} is not emulated`);
		certificates.attachThing(headers[principal], name);
		return {};
	});
	server.delete<PrincipalCall>("/things/:name/principals", ({ params: { name }, headers }) => {
		certificates.detachThing(headers[principal], name);
		return {};
	});
	server.get<PrincipalCall>("/things/:name/principals", ({ params: { name }, query }) => {
		const { items, nextToken } = paginate(certificates.ofThing(name), query, ({ certificateId }) => certificateId);
		return { principals: items.map(({ certificateId }) => certificateArn(certificateId)), nextToken };
	});
	server.get<PrincipalCall>("/things/:name/principals-v2", ({ params: { name }, query }) => {
		const found = certificates.ofThing(name).filter(() => query.thingPrincipalType !== EXCLUSIVE);
		const { items, nextToken } = paginate(found, query, ({ certificateId }) => certificateId);
		const thingPrincipalObjects = items.map(({ certificateId }) => ({
			...{ principal: certificateArn(certificateId), thingPrincipalType: "NON_EXCLUSIVE_THING" },
		}));
		return { thingPrincipalObjects, nextToken };
	});
	server.get<PrincipalCall>("/principals/things-v2", ({ headers, query }) => {
		const things = certificates.byArn(headers[principal]).things.filter(() => query.thingPrincipalType !== EXCLUSIVE);
		const { items, nextToken } = paginate(things, query, (thing) => thing);
		const principalThingObjects = items.map((thingName) => ({ thingName, thingPrincipalType: "NON_EXCLUSIVE_THING" }));
		return { principalThingObjects, nextToken };
	});
	server.get<PrincipalCall>("/principals/things", ({ headers, query }) => {
		const { things } = certificates.byArn(headers[principal]);
		const { items, nextToken } = paginate(things, query, (thing) => thing);
		return { things: items, nextToken };
	});
}

function summary({ certificateId, status, createdAt, isWithoutCa }: Certificate) {
	const certificateMode = isWithoutCa === true ? "SNI_ONLY" : "DEFAULT";
	const creationDate = createdAt / 1_000;
	return { certificateArn: certificateArn(certificateId), certificateId, status, certificateMode, creationDate };
}
