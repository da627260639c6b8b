export const REGION = "us-east-1";
export const ACCOUNT = "123456789012";

export const arn = (resource: string) => `arn:aws:iot:${REGION}:${ACCOUNT}:${resource}`;
export const jobArn = (jobId: string) => arn(`job/${jobId}`);
export const thingArn = (thingName: string) => arn(`thing/${thingName}`);
export const groupArn = (groupName: string) => arn(`thinggroup/${groupName}`);
export const certificateArn = (certificateId: string) => arn(`cert/${certificateId}`);
export const templateArn = (templateId: string) => arn(`jobtemplate/${templateId}`);

export interface Target {
	readonly kind: "thing" | "group";
	readonly name: string;
}

/** AWS: names of things and groups are 1..128 of these. */
export const NAME = /^[a-zA-Z0-9:_-]{1,128}$/;

/** Any region and account: the emulator has one of each. @returns undefined when it is the ARN of neither thing nor group */
export function parseTarget(text: string): Target | undefined {
	const [, kind, name = ""] = /^arn:[^:]+:iot:[^:]*:[^:]*:(thing|thinggroup)\/(.+)$/.exec(text) ?? [];
	if (kind === undefined || !NAME.test(name)) return undefined;
	return { kind: kind === "thing" ? "thing" : "group", name };
}
