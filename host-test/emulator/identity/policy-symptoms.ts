/**
 * What the console of a device shows when its policy lacks an action. AWS gives no reason for a refusal, so that these symptoms
 * are all there is to go by. Each one is a test, and a row of docs/reference.md.
 */
export interface PolicySymptom {
	readonly action: string;
	/** NAME stands for the thing's name. */
	readonly resource: string;
	readonly needed: string;
	/** What the device's console shows. */
	readonly console: RegExp;
	readonly symptom: string;
}

export const POLICY_SYMPTOMS: readonly PolicySymptom[] = [
	{
		action: "iot:Connect",
		resource: "client/NAME",
		needed: "to connect; the client id is the thing's name",
		console: /connection given up: .* before CONNACK/,
		symptom: "never `connected`: `connection given up: … before CONNACK`, with longer and longer pauses",
	},
	{
		action: "iot:Subscribe",
		resource: "topicfilter/$aws/things/NAME/jobs/notify-next",
		needed: "to be told of the next job",
		console: /connection given up: .* before SUBACK/,
		symptom: "never `connected`: `connection given up: … before SUBACK`, with longer and longer pauses",
	},
	{
		action: "iot:Publish",
		resource: "topic/$aws/things/NAME/jobs/*",
		needed: "to ask for jobs and to report",
		console: /^connected\n(?:.*\n)?connection given up: /m,
		symptom: "`connected`, and right after it `connection given up`, again and again",
	},
	{
		action: "iot:Receive",
		resource: "topic/$aws/things/NAME/jobs/notify-next",
		needed: "to hear of the next job. Answers come without it",
		console: /^nothing is pending$/m,
		symptom: "all is well, but a new job is begun only after the next connection",
	},
	{
		action: "iot:Publish",
		resource: "topic/$aws/things/NAME/streams/*/get/cbor",
		needed: "to read images from MQTT file streams; without such jobs leave it out",
		console: /claimed job[\s\S]*connection given up: [\s\S]*the connection is lost whenever the stream is asked for/,
		symptom:
			"an update by a stream loses the connection four times, then goes on by the URL, or ends FAILED with `downloadFailed`",
	},
];
