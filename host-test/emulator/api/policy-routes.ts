import type { FastifyInstance } from "fastify";
import { policyArn } from "../base/arn.js";
import type { Policies } from "../registry/policies.js";
import type { PolicyTargets } from "../registry/policy-targets.js";
import type { Tags } from "../registry/tags.js";
import { NO_BODY } from "./empty-bodies.js";
import { type Body, text } from "./members.js";
import { type MarkerQuery, markerPage } from "./pagination.js";
import { readTags } from "./read-tags.js";

interface Call {
	Params: { name: string; version: string };
	Body: Body | null;
	Querystring: MarkerQuery & { setAsDefault?: string; isAscendingOrder?: string };
}

export interface PolicyRoutesOptions {
	readonly policies: Policies;
	readonly policyTargets: PolicyTargets;
	readonly tags: Tags;
}

/** Create-, Get-, Delete- and ListPolicies; Create-, Get-, Delete-, ListPolicyVersion(s) and SetDefaultPolicyVersion. */
export function policyRoutes(server: FastifyInstance, { policies, policyTargets, tags }: PolicyRoutesOptions): void {
	server.post<Call>("/policies/:name", ({ params: { name }, body }) => {
		const policyDocument = text("policyDocument", body?.policyDocument);
		policies.checkNew(name, policyDocument);
		tags.create(policyArn(name), readTags(body?.tags), () => policies.create(name, policyDocument));
		return { ...nameAndArn(name), policyDocument, policyVersionId: "1" };
	});
	server.get<Call>("/policies/:name", ({ params: { name } }) => {
		const { defaultVersionId, createdAt, modifiedAt } = policies.get(name);
		return {
			...nameAndArn(name),
			policyDocument: policies.document(name),
			defaultVersionId,
			...dates(createdAt, modifiedAt),
			generationId: defaultVersionId,
		};
	});
	server.delete<Call>("/policies/:name", ({ params: { name } }) => {
		policyTargets.deletePolicy(name);
		tags.remove(policyArn(name));
		return NO_BODY;
	});
	server.get<Call>("/policies", ({ query }) => {
		const names = query.isAscendingOrder === "true" ? policies.names() : policies.names().reverse();
		const { items, nextMarker } = markerPage(names, query, (name) => name);
		return { policies: items.map(nameAndArn), nextMarker };
	});
	server.post<Call>("/policies/:name/version", ({ params: { name }, body, query }) => {
		const policyDocument = text("policyDocument", body?.policyDocument);
		const isDefaultVersion = query.setAsDefault === "true";
		const { versionId } = policies.addVersion(name, policyDocument, isDefaultVersion);
		return { policyArn: policyArn(name), policyDocument, policyVersionId: versionId, isDefaultVersion };
	});
	server.get<Call>("/policies/:name/version", ({ params: { name } }) => {
		const { versions, defaultVersionId } = policies.get(name);
		return {
			policyVersions: versions.map(({ versionId, createdAt }) => ({
				...{ versionId, isDefaultVersion: versionId === defaultVersionId, createDate: createdAt / 1_000 },
			})),
		};
	});
	server.get<Call>("/policies/:name/version/:version", ({ params: { name, version } }) => {
		const { versionId, document, createdAt } = policies.version(name, version);
		const isDefaultVersion = policies.get(name).defaultVersionId === versionId;
		return {
			...nameAndArn(name),
			...{ policyDocument: document, policyVersionId: versionId, isDefaultVersion },
			...dates(createdAt, createdAt),
			generationId: versionId,
		};
	});
	server.patch<Call>("/policies/:name/version/:version", ({ params: { name, version } }) => {
		policies.setDefault(name, version);
		return NO_BODY;
	});
	server.delete<Call>("/policies/:name/version/:version", ({ params: { name, version } }) => {
		policies.deleteVersion(name, version);
		return NO_BODY;
	});
}

export const nameAndArn = (policyName: string) => ({ policyName, policyArn: policyArn(policyName) });

function dates(createdAt: number, modifiedAt: number) {
	return { creationDate: createdAt / 1_000, lastModifiedDate: modifiedAt / 1_000 };
}
