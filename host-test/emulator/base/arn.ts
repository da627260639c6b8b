import { THING_NAME } from "./names.js";

/** The ARNs (Amazon Resource Names) of what the emulator has: it is one account in one region. */
const REGION = "us-east-1";
export const ACCOUNT = "123456789012";

export const arn = (resource: string) => `arn:aws:iot:${REGION}:${ACCOUNT}:${resource}`;
export const jobArn = (jobId: string) => arn(`job/${jobId}`);
export const thingArn = (thingName: string) => arn(`thing/${thingName}`);
export const groupArn = (groupName: string) => arn(`thinggroup/${groupName}`);
export const certificateArn = (certificateId: string) => arn(`cert/${certificateId}`);
export const policyArn = (policyName: string) => arn(`policy/${policyName}`);
export const templateArn = (templateId: string) => arn(`jobtemplate/${templateId}`);
export const streamArn = (streamId: string) => arn(`stream/${streamId}`);
/** AWS's own templates belong to no account. */
export const managedTemplateArn = (nameAndVersion: string) => `arn:aws:iot:${REGION}::jobtemplate/${nameAndVersion}`;

/** What a job is for: a thing, or the things of a group. */
export interface Target {
	readonly kind: "thing" | "group";
	readonly name: string;
}

/** @returns undefined when it is the ARN of neither thing nor group, or of another region or account */
export function parseTarget(text: string): Target | undefined {
	const { kind, name = "" } = parseArn(text) ?? {};
	if ((kind !== "thing" && kind !== "thinggroup") || !THING_NAME.test(name) || text !== arn(`${kind}/${name}`)) {
		return undefined;
	}
	return { kind: kind === "thing" ? "thing" : "group", name };
}

/** Takes any region and account. @returns the parts of `arn:aws:iot:REGION:ACCOUNT:KIND/NAME`, or undefined */
export function parseArn(text: string): { readonly kind: string; readonly name: string } | undefined {
	const [, kind, name] = /^arn:[^:]+:iot:[^:]*:[^:]*:([^/]+)\/(.+)$/.exec(text) ?? [];
	return kind === undefined || name === undefined ? undefined : { kind, name };
}
