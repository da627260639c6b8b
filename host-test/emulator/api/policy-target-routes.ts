import type { FastifyInstance } from "fastify";
import type { Policies } from "../registry/policies.js";
import type { PolicyTargets } from "../registry/policy-targets.js";
import { NO_BODY } from "./empty-bodies.js";
import { type Body, text } from "./members.js";
import { type MarkerQuery, markerPage } from "./pagination.js";
import { nameAndArn } from "./policy-routes.js";

interface Call {
	Params: { name: string; target: string };
	Body: Body | null;
	Querystring: MarkerQuery & { recursive?: string; thingName?: string };
}

const itself = (name: string) => name;

/** Attach- and DetachPolicy, ListAttachedPolicies, ListTargetsForPolicy, GetEffectivePolicies. */
export function policyTargetRoutes(server: FastifyInstance, policies: Policies, targets: PolicyTargets): void {
	server.put<Call>("/target-policies/:name", ({ params: { name }, body }) => {
		targets.attach(body?.target, name);
		return NO_BODY;
	});
	server.post<Call>("/target-policies/:name", ({ params: { name }, body }) => {
		targets.detach(body?.target, name);
		return NO_BODY;
	});
	server.post<Call>("/attached-policies/:target", ({ params: { target }, query }) => {
		const { items, nextMarker } = markerPage(targets.policiesOf(target, query.recursive === "true"), query, itself);
		return { policies: items.map(nameAndArn), nextMarker };
	});
	server.post<Call>("/policy-targets/:name", ({ params: { name }, query }) => {
		const { items, nextMarker } = markerPage(targets.having(name), query, itself);
		return { targets: items, nextMarker };
	});
	server.post<Call>("/effective-policies", ({ body, query: { thingName } }) => {
		const principal = body?.principal === undefined ? undefined : text("principal", body.principal);
		return {
			effectivePolicies: targets.effective(principal, thingName).map((name) => ({
				...nameAndArn(name),
				policyDocument: policies.document(name),
			})),
		};
	});
}

/** Attach- and DetachPrincipalPolicy, ListPrincipalPolicies, ListPolicyPrincipals: what the others replace, still in use. */
export function principalPolicyRoutes(server: FastifyInstance, targets: PolicyTargets): void {
	const principal = "x-amzn-iot-principal";
	server.put<Call>("/principal-policies/:name", ({ params: { name }, headers }) => {
		targets.attach(headers[principal], name);
		return NO_BODY;
	});
	server.delete<Call>("/principal-policies/:name", ({ params: { name }, headers }) => {
		targets.detach(headers[principal], name);
		return NO_BODY;
	});
	server.get<Call>("/principal-policies", ({ headers, query }) => {
		const { items, nextMarker } = markerPage(targets.policiesOf(headers[principal]), query, itself);
		return { policies: items.map(nameAndArn), nextMarker };
	});
	server.get<Call>("/policy-principals", ({ headers, query }) => {
		const name = text("policyName", headers["x-amzn-iot-policy"]);
		const { items, nextMarker } = markerPage(targets.principalsHaving(name), query, itself);
		return { principals: items, nextMarker };
	});
}
