// The topics of AWS IoT Jobs for one thing. Source: AWS IoT developer guide, "Jobs MQTT API operations" and "Reserved topics".

export const Operation = Object.freeze(
	{
		GetPending: 1,
		StartNext: 2,
		Describe: 3,
		Update: 4,
		Notify: 5,
		NotifyNext: 6,
	} as const,
	true,
);
export type Operation = (typeof Operation)[keyof typeof Operation];

/** AWS: 1..64 characters of `[a-zA-Z0-9_-]` (service model `iot-jobs-data`, JobId). */
export const MAX_JOB_ID_LENGTH = 64;

/**
 * Filters of all answers to this thing, those of file streams included: with the notification six, of the eight that AWS takes in
 * one SUBSCRIBE.
 */
export function answerFilters(thingName: string): string[] {
	const thing = `$aws/things/${thingName}`;
	return [
		`${thing}/jobs/start-next/+`,
		`${thing}/jobs/+/get/+`,
		`${thing}/jobs/+/update/+`,
		`${thing}/streams/+/data/cbor`,
		`${thing}/streams/+/rejected/cbor`,
	];
}

/** The topics that the agent publishes and subscribes to. Each call of a method builds a string: once a job. */
export class Topics {
	readonly base: string;
	readonly startNext: string;
	readonly notifyNext: string;

	constructor(thingName: string) {
		this.base = `$aws/things/${thingName}/jobs/`;
		this.startNext = `${this.base}start-next`;
		this.notifyNext = `${this.base}notify-next`;
	}

	describe(jobId: string): string {
		return `${this.base}${jobId}/get`;
	}

	update(jobId: string): string {
		return `${this.base}${jobId}/update`;
	}
}
