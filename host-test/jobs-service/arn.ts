export const REGION = "us-east-1";
export const ACCOUNT = "123456789012";

export function jobArn(jobId: string): string {
	return `arn:aws:iot:${REGION}:${ACCOUNT}:job/${jobId}`;
}

export function thingArn(thingName: string): string {
	return `arn:aws:iot:${REGION}:${ACCOUNT}:thing/${thingName}`;
}
