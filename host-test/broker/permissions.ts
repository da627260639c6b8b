/**
 * What a device may do: the least that the Jobs API needs, as AWS's policy for it would say with the thing's name in each
 * resource. Whatever is not allowed here ends the connection, as on AWS.
 */
export interface Refusal {
	/** In the words of an AWS IoT policy. */
	readonly action: "iot:Connect" | "iot:Publish" | "iot:Subscribe";
	readonly resource: string;
	readonly why: string;
}

/** AWS IoT Core quotas ("AWS IoT Core message broker and protocol limits"). */
const MAX_CLIENT_ID_BYTES = 128;
const MAX_PAYLOAD_BYTES = 128 * 1_024;
const MAX_TOPIC_BYTES = 256;

export function mayConnect(
	thingName: string,
	clientId: string,
	isThing: (name: string) => boolean,
): Refusal | undefined {
	const refuse = (why: string): Refusal => ({ action: "iot:Connect", resource: `client/${clientId}`, why });
	if (Buffer.byteLength(clientId) > MAX_CLIENT_ID_BYTES)
		return refuse(`a client id has at most ${MAX_CLIENT_ID_BYTES} bytes`);
	// Any other id is a person's second client with the same certificate.
	if (clientId !== thingName && isThing(clientId)) return refuse(`the certificate belongs to ${thingName}`);
	return undefined;
}

export interface Publication {
	readonly topic: string;
	readonly qos: number;
	readonly retain: boolean;
	readonly payload: Uint8Array | string;
}

export function mayPublish(thingName: string, { topic, qos, retain, payload }: Publication): Refusal | undefined {
	const refuse = (why: string): Refusal => ({ action: "iot:Publish", resource: `topic/${topic}`, why });
	if (qos === 2) return refuse("AWS IoT knows no QoS 2");
	if (retain) return refuse("RETAIN is not allowed on a reserved topic");
	if (Buffer.byteLength(topic) > MAX_TOPIC_BYTES) return refuse(`a topic has at most ${MAX_TOPIC_BYTES} bytes`);
	if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) return refuse(`a payload has at most ${MAX_PAYLOAD_BYTES} bytes`);
	return topic.startsWith(ownTopics(thingName)) ? undefined : refuse(`the certificate belongs to ${thingName}`);
}

export function maySubscribe(thingName: string, filter: string, qos: number): Refusal | undefined {
	const refuse = (why: string): Refusal => ({ action: "iot:Subscribe", resource: `topicfilter/${filter}`, why });
	if (qos === 2) return refuse("AWS IoT knows no QoS 2");
	return filter.startsWith(ownTopics(thingName)) ? undefined : refuse(`the certificate belongs to ${thingName}`);
}

function ownTopics(thingName: string): string {
	return `$aws/things/${thingName}/jobs/`;
}
