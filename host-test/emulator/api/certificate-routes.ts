import type { FastifyInstance } from "fastify";
import { certificateArn } from "../base/arn.js";
import { CERTIFICATE_STATUSES, type Certificate, type Certificates } from "../registry/certificates.js";
import { NO_BODY } from "./empty-bodies.js";
import { oneOf } from "./members.js";
import { type MarkerQuery, markerPage, type PageQuery, paginate } from "./pagination.js";

interface CertificateCall {
	Params: { id: string };
	Querystring: { newStatus?: string; setAsActive?: string; forceDelete?: string };
}

interface PrincipalCall {
	Params: { name: string };
	Querystring: PageQuery;
}

/** CreateKeysAndCertificate; Describe-, Update-, Delete- and ListCertificates. */
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
	server.get<CertificateCall>("/certificates/:id", ({ params: { id } }) => {
		const certificate = certificates.get(id);
		const { createdAt, pem } = certificate;
		return {
			certificateDescription: { ...summary(certificate), certificatePem: pem, lastModifiedDate: createdAt / 1_000 },
		};
	});
	server.put<CertificateCall>("/certificates/:id", ({ params: { id }, query: { newStatus } }) => {
		certificates.setStatus(id, oneOf("newStatus", newStatus, CERTIFICATE_STATUSES));
		return NO_BODY;
	});
	server.delete<CertificateCall>("/certificates/:id", ({ params: { id }, query: { forceDelete } }) => {
		certificates.delete(id, forceDelete === "true");
		return NO_BODY;
	});
	server.get<{ Querystring: MarkerQuery }>("/certificates", ({ query }) => {
		const all = certificates.list().reverse();
		const { items, nextMarker } = markerPage(all, query, ({ certificateId }) => certificateId);
		return { certificates: items.map(summary), nextMarker };
	});
}

/** AttachThingPrincipal, DetachThingPrincipal, ListThingPrincipals, ListPrincipalThings: the header names the certificate. */
export function principalRoutes(server: FastifyInstance, certificates: Certificates): void {
	const principal = "x-amzn-principal";
	server.put<PrincipalCall>("/things/:name/principals", ({ params: { name }, headers }) => {
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
	server.get<PrincipalCall>("/principals/things", ({ headers, query }) => {
		const { things } = certificates.byArn(headers[principal]);
		const { items, nextToken } = paginate(things, query, (thing) => thing);
		return { things: items, nextToken };
	});
}

function summary({ certificateId, status, createdAt }: Certificate) {
	return { certificateArn: certificateArn(certificateId), certificateId, status, creationDate: createdAt / 1_000 };
}
