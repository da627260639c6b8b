import type { FastifyInstance } from "fastify";
import { certificateArn, policyArn } from "../base/arn.js";
import type { Certificates } from "../registry/certificates.js";
import type { Policies } from "../registry/policies.js";
import { NO_BODY } from "./empty-bodies.js";
import { type Body, text } from "./members.js";
import { type MarkerQuery, markerPage } from "./pagination.js";

interface Call {
	Params: { name: string };
	Body: Body | null;
}

/** Create-, Get-, Delete- and ListPolicies; Attach- and DetachPolicy; ListAttachedPolicies, ListTargetsForPolicy. A policy has one version here. */
export function policyRoutes(server: FastifyInstance, policies: Policies, certificates: Certificates): void {
	server.post<Call>("/policies/:name", ({ params: { name }, body }) => {
		const policyDocument = text("policyDocument", body?.policyDocument);
		policies.create(name, policyDocument);
		return { ...nameAndArn(name), policyDocument, policyVersionId: "1" };
	});
	server.get<Call>("/policies/:name", ({ params: { name } }) => {
		const { document, createdAt } = policies.get(name);
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
		certificates.deletePolicy(name);
		return NO_BODY;
	});
	server.get<{ Querystring: MarkerQuery }>("/policies", ({ query }) => {
		const { items, nextMarker } = markerPage(policies.names(), query, (name) => name);
		return { policies: items.map(nameAndArn), nextMarker };
	});
	server.post<Call & { Querystring: MarkerQuery }>("/policy-targets/:name", ({ params: { name }, query }) => {
		const { items, nextMarker } = markerPage(certificates.ofPolicy(name), query, ({ certificateId }) => certificateId);
		return { targets: items.map(({ certificateId }) => certificateArn(certificateId)), nextMarker };
	});
	server.put<Call>("/target-policies/:name", ({ params: { name }, body }) => {
		certificates.attachPolicy(body?.target, name);
		return NO_BODY;
	});
	server.post<Call>("/target-policies/:name", ({ params: { name }, body }) => {
		certificates.detachPolicy(body?.target, name);
		return NO_BODY;
	});
	server.post<{ Params: { target: string } }>("/attached-policies/:target", ({ params: { target } }) => ({
		policies: certificates.byArn(target).policies.map(nameAndArn),
	}));
}

const nameAndArn = (policyName: string) => ({ policyName, policyArn: policyArn(policyName) });
