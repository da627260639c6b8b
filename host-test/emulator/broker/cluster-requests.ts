import type { Aedes, AedesPublishPacket } from "aedes";
import type { ErrorCode } from "../../../src/protocol/messages.js";

/** A request of a client, on its way to the broker that has the service. */
export interface ClusterRequest {
	readonly clientId: string;
	readonly topic: string;
	readonly payload: Buffer;
	/** QoS of the answer. */
	readonly qos: 0 | 1;
	/** The request is to be answered with this error. */
	readonly fault: ErrorCode | undefined;
}

export interface ClusterAnswer {
	readonly clientId: string;
	readonly topic: string;
	readonly payload: Buffer;
	readonly qos: 0 | 1;
}

export interface Presence {
	readonly node: string;
	readonly thingName: string;
	readonly clientId: string;
	readonly online: boolean;
}

/** Topics between brokers: `permissions.ts` keeps clients out of them. */
export const CLUSTER = "$cluster/";
const REQUESTS = `${CLUSTER}requests`;
const ANSWERS = `${CLUSTER}answers/`;
const PRESENCE = `${CLUSTER}presence`;

/**
 * Messages between the brokers of a cluster: requests to the broker that has the service, the answers to the broker of the client that
 * asked, and which clients are online.
 */
export class ClusterRequests {
	readonly #aedes: Aedes;

	constructor(aedes: Aedes) {
		this.#aedes = aedes;
	}

	ask(request: ClusterRequest): void {
		this.#send(REQUESTS, { ...request, node: this.#aedes.id });
	}

	/** Called at the broker that has the service, for each request of another broker's client. */
	onAsked(listener: (request: ClusterRequest, answer: (topic: string, payload: Buffer) => void) => void): void {
		this.#hear<ClusterRequest & { node: string }>(REQUESTS, ({ node, ...request }) => {
			const { clientId, qos } = request;
			listener(request, (topic, payload) => this.#send(`${ANSWERS}${node}`, { clientId, topic, payload, qos }));
		});
	}

	onAnswered(listener: (answer: ClusterAnswer) => void): void {
		this.#hear(`${ANSWERS}${this.#aedes.id}`, listener);
	}

	announce(thingName: string, clientId: string, online: boolean): void {
		this.#send(PRESENCE, { node: this.#aedes.id, thingName, clientId, online });
	}

	/** Called for the clients of the other brokers. */
	onPresence(listener: (presence: Presence) => void): void {
		this.#hear<Presence>(PRESENCE, (presence) => {
			if (presence.node !== this.#aedes.id) listener(presence);
		});
	}

	#send(topic: string, message: object): void {
		const payload = Buffer.from(JSON.stringify(message, base64));
		this.#aedes.publish({ cmd: "publish", topic, payload, qos: 0, retain: false, dup: false }, () => undefined);
	}

	#hear<T>(topic: string, listener: (message: T) => void): void {
		const received = ({ payload }: AedesPublishPacket, done: () => void) => {
			done();
			const read = parse(payload.toString());
			if (read === undefined) return; // anyone who reaches the Redis server can publish here
			const { payload: bytes, ...message } = read;
			listener({ ...message, ...(typeof bytes === "string" && { payload: Buffer.from(bytes, "base64") }) } as T);
		};
		this.#aedes.subscribe(topic, received, () => undefined);
	}
}

function parse(text: string): Record<string, unknown> | undefined {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
	} catch {
		return undefined;
	}
}

function base64(this: Record<string, unknown>, key: string, value: unknown): unknown {
	const own = this[key];
	return own instanceof Uint8Array ? Buffer.from(own).toString("base64") : value;
}
