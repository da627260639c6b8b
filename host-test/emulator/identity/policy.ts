import { Glob } from "../base/glob.js";
import { type Conditions, holds, problemOfConditions } from "./policy-conditions.js";
import { type PolicyContext, substitute } from "./policy-variables.js";

/**
 * AWS IoT policies: the actions of MQTT and of the Jobs data plane. Source: AWS IoT Core developer guide, "AWS IoT Core
 * policies", "policy actions", "policy variables".
 */
export interface PolicyStatement {
	readonly Effect: "Allow" | "Deny";
	readonly Action: string | readonly string[];
	readonly Resource: string | readonly string[];
	readonly Condition?: Conditions;
}

export interface Policy {
	readonly Version: "2012-10-17";
	readonly Statement: readonly PolicyStatement[];
}

/** As policies name them. A policy may write the data plane's actions `iotjobsdata:...` or `iot:...`. */
export type Action =
	| "iot:Connect"
	| "iot:Publish"
	| "iot:RetainPublish"
	| "iot:Receive"
	| "iot:Subscribe"
	| "iotjobsdata:DescribeJobExecution"
	| "iotjobsdata:GetPendingJobExecutions"
	| "iotjobsdata:StartNextPendingJobExecution"
	| "iotjobsdata:UpdateJobExecution";

/** Matches any region and account, since the emulator has one of each. */
const ARN = /^arn:[^:]*:iot:[^:]*:[^:]*:/;
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: these are AWS's variables, not JavaScript's
const OWN = "${iot:Connection.Thing.ThingName}";
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: only those

const SERVICES = ["jobs", "streams"];

/**
 * The minimum for jobs: a device's own topics, and its own thing over HTTPS. Any client id may connect, so that a person can
 * listen with the device's certificate; only the names of other things are refused, see `mayConnect`.
 */
export const DEVICE_POLICY: Policy = {
	Version: "2012-10-17",
	Statement: [
		{ Effect: "Allow", Action: "iot:Connect", Resource: "arn:aws:iot:*:*:client/*" },
		{
			Effect: "Allow",
			Action: ["iot:Publish", "iot:Receive"],
			Resource: SERVICES.map((service) => `arn:aws:iot:*:*:topic/$aws/things/${OWN}/${service}/*`),
		},
		{
			Effect: "Allow",
			Action: "iot:Subscribe",
			Resource: SERVICES.map((service) => `arn:aws:iot:*:*:topicfilter/$aws/things/${OWN}/${service}/*`),
		},
		{ Effect: "Allow", Action: "iotjobsdata:*", Resource: `arn:aws:iot:*:*:thing/${OWN}` },
	],
};

/** Whether a statement allows the action, and none denies it. @param resource without the head of the ARN: `topic/...` */
export function isAllowed(policy: Policy, action: Action, resource: string, context: PolicyContext): boolean {
	let allowed = false;
	for (const statement of policy.Statement) {
		if (!list(statement.Action).some((pattern) => matchesAction(pattern, action))) continue;
		if (!list(statement.Resource).some((pattern) => matchesResource(pattern, resource, context))) continue;
		if (statement.Condition !== undefined && !holds(statement.Condition, context)) continue;
		if (statement.Effect === "Deny") return false;
		allowed = true;
	}
	return allowed;
}

/** Parses a policy document. @throws with a sentence that says what is wrong with it */
export function readPolicy(text: string): Policy {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		throw new Error(`not JSON: ${(error as Error).message}`);
	}
	const { Version, Statement } = (value ?? {}) as { Version?: unknown; Statement?: unknown };
	if (Version !== "2012-10-17") throw new Error('"Version" has to be "2012-10-17"');
	const statements = Array.isArray(Statement) ? Statement : [Statement];
	for (const [index, statement] of statements.entries()) {
		const problem = problemOf(statement);
		if (problem !== undefined) throw new Error(`"Statement" ${index + 1}: ${problem}`);
	}
	return { Version, Statement: statements };
}

function problemOf(statement: unknown): string | undefined {
	if (typeof statement !== "object" || statement === null) return "has to be an object";
	const { Effect, Action, Resource, Condition } = statement as Record<string, unknown>;
	if (Effect !== "Allow" && Effect !== "Deny") return '"Effect" has to be "Allow" or "Deny"';
	if (!isTexts(Action)) return '"Action" has to be a text or a list of texts';
	if (!isTexts(Resource)) return '"Resource" has to be a text or a list of texts';
	const wrong = list(Resource).find((resource) => resource !== "*" && !ARN.test(resource));
	if (wrong === undefined) return Condition === undefined ? undefined : problemOfConditions(Condition);
	return `"Resource" ${wrong} is no ARN (arn:aws:iot:REGION:ACCOUNT:...)`;
}

function isTexts(value: unknown): value is string | string[] {
	return typeof value === "string" || (Array.isArray(value) && value.every((one) => typeof one === "string"));
}

function list(value: string | readonly string[]): readonly string[] {
	return typeof value === "string" ? [value] : value;
}

function matchesAction(pattern: string, action: string): boolean {
	// AWS has renamed the data plane's actions, and accepts both names.
	return matches(pattern, action) || matches(pattern, action.replace(/^iotjobsdata:/, "iot:"));
}

function matchesResource(pattern: string, resource: string, context: PolicyContext): boolean {
	if (pattern === "*") return true;
	const own = substitute(pattern.replace(ARN, ""), context);
	return own !== undefined && matches(own, resource);
}

const globs = new Map<string, Glob>();
/** Patterns contain names of things and client ids, so there may be any number of them. */
const MAX_GLOBS = 50_000;

/** MQTT's `+` and `#` are ordinary characters here. */
function matches(pattern: string, text: string): boolean {
	if (!/[*?]/.test(pattern)) return pattern === text;
	let glob = globs.get(pattern);
	if (glob === undefined) {
		glob = new Glob(pattern);
		if (globs.size >= MAX_GLOBS) globs.clear();
		globs.set(pattern, glob);
	}
	return glob.test(text);
}
