import { plainText } from "../base/plain-text.js";
import { type Action, isAllowed, type Policy } from "./policy.js";
import type { PolicyContext } from "./policy-variables.js";

/** The thing that a client certificate is attached to, if it is, and its policy. */
export interface Principal {
	readonly thingName: string | undefined;
	/** Of the thing. */
	readonly attributes?: Readonly<Record<string, string>> | undefined;
	readonly policy: Policy;
}

/** Why a client may not do something. On AWS, and here, the client then loses its connection. */
export interface Refusal {
	/** Action and resource as an AWS IoT policy names them. */
	readonly action: Action;
	readonly resource: string;
	readonly why: string;
}

/** AWS IoT Core quotas ("AWS IoT Core message broker and protocol limits"). */
const MAX_CLIENT_ID_BYTES = 128;
export const MAX_PAYLOAD_BYTES = 128 * 1_024;
const MAX_TOPIC_BYTES = 256;
const MAX_SLASHES = 7;
const MAX_SUBSCRIPTIONS = 50;
export const MAX_TOPICS_IN_SUBSCRIBE = 8;
/** The prefix of Basic Ingest does not count as part of the topic. */
const BASIC_INGEST = /^\$aws\/rules\/[^/]+\//;

/** Topics of the brokers among themselves and to the service. */
const INTERNAL = /^(\$share\/[^/]+\/)?\$(service|cluster)\//;

const missing = ({ thingName }: Principal) =>
	`no statement of the policy of ${thingName === undefined ? "the" : `${thingName}'s`} certificate allows it`;

export function mayConnect(
	principal: Principal,
	clientId: string,
	will: Publication | undefined,
	isThing: (name: string) => boolean,
): Refusal | undefined {
	const { thingName } = principal;
	const refuse = (why: string): Refusal => ({ action: "iot:Connect", resource: `client/${clientId}`, why });
	if (Buffer.byteLength(clientId) > MAX_CLIENT_ID_BYTES)
		return refuse(`a client id has at most ${MAX_CLIENT_ID_BYTES} bytes`);
	// With the client id of another thing, each of the two would end the other's connection again and again.
	if (thingName !== undefined && clientId !== thingName && isThing(clientId))
		return refuse(`the certificate belongs to ${thingName}`);
	if (!allows(principal, clientId, "iot:Connect", `client/${clientId}`)) return refuse(missing(principal));
	return will && mayPublish(principal, clientId, will);
}

export interface Publication {
	readonly topic: string;
	readonly qos?: number | undefined;
	readonly retain?: boolean | undefined;
	readonly payload: Uint8Array | string;
}

export function mayPublish(
	principal: Principal,
	clientId: string,
	{ topic, qos, retain, payload }: Publication,
): Refusal | undefined {
	const resource = `topic/${topic}`;
	const refuse = (why: string, action: Action = "iot:Publish"): Refusal => ({ action, resource, why });
	if (qos === 2) return refuse("AWS IoT does not support QoS 2");
	if (retain && topic.startsWith("$")) return refuse("RETAIN is not allowed on a reserved topic");
	if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) return refuse(`a payload has at most ${MAX_PAYLOAD_BYTES} bytes`);
	const long = tooLong(topic);
	if (long !== undefined) return refuse(long);
	if (/[+#]/.test(topic)) return refuse("a topic to publish to has no wildcard (MQTT 3.1.1, 3.3.2-2)");
	if (!allows(principal, clientId, "iot:Publish", resource)) return refuse(missing(principal));
	if (retain && !allows(principal, clientId, "iot:RetainPublish", resource)) {
		return refuse(missing(principal), "iot:RetainPublish");
	}
	return topic.startsWith("$") && !/^\$aws\/things\/[^/]+\/(jobs|streams)\//.test(topic)
		? refuse("the topic is reserved, and nothing here serves it")
		: undefined;
}

/** @param subscriptions how many the connection has already, without this one */
export function maySubscribe(
	principal: Principal,
	clientId: string,
	{ topic, qos }: { readonly topic: string; readonly qos: number },
	subscriptions: number,
): Refusal | undefined {
	const resource = `topicfilter/${topic}`;
	const refuse = (why: string): Refusal => ({ action: "iot:Subscribe", resource, why });
	if (qos === 2) return refuse("AWS IoT does not support QoS 2");
	const long = tooLong(topic);
	if (long !== undefined) return refuse(long);
	if (!isFilter(topic)) return refuse(NO_FILTER);
	if (INTERNAL.test(topic)) return refuse("the topic is the broker's own");
	if (subscriptions >= MAX_SUBSCRIPTIONS) return refuse(`a connection has at most ${MAX_SUBSCRIPTIONS} subscriptions`);
	return allows(principal, clientId, "iot:Subscribe", resource) ? undefined : refuse(missing(principal));
}

export const NO_FILTER = "a wildcard is a level of its own, and # the last one (MQTT 3.1.1, 4.7.1)";

/** Clauses 4.7.1-2 and 4.7.1-3. aedes lets `a/+x` pass. */
export function isFilter(topic: string): boolean {
	const levels = topic.split("/");
	return levels.every(
		(level, at) => !/[+#]/.test(level) || level === "+" || (level === "#" && at === levels.length - 1),
	);
}

/** A message that a client may not receive is not delivered; its connection stays. */
export function mayReceive(principal: Principal, clientId: string, topic: string): Refusal | undefined {
	const resource = `topic/${topic}`;
	if (allows(principal, clientId, "iot:Receive", resource)) return undefined;
	return { action: "iot:Receive", resource, why: missing(principal) };
}

/** For the four operations of the HTTPS data plane. */
export function mayCall(principal: Principal, action: Action, thingName: string): Refusal | undefined {
	const resource = `thing/${thingName}`;
	if (allows(principal, "", action, resource)) return undefined;
	return { action, resource, why: missing(principal) };
}

/** The start of the log line of a refusal. AWS closes the connection and does not say why. */
export const REFUSED = "refused: ";

export function describeRefusal({ action, resource, why }: Refusal, clientId: string): string {
	return plainText(`${REFUSED}client ${clientId}, action ${action}, resource ${resource}: ${why}`);
}

function allows(principal: Principal, clientId: string, action: Action, resource: string): boolean {
	const { policy, thingName, attributes } = principal;
	const context: PolicyContext = { thingName, clientId, attributes };
	return isAllowed(policy, action, resource, context);
}

function tooLong(topic: string): string | undefined {
	if (Buffer.byteLength(topic) > MAX_TOPIC_BYTES) return `a topic has at most ${MAX_TOPIC_BYTES} bytes`;
	const slashes = topic.replace(BASIC_INGEST, "").split("/").length - 1;
	return slashes > MAX_SLASHES ? `a topic has at most ${MAX_SLASHES} slashes` : undefined;
}
