import type { Aedes, Client, ConnectPacket } from "aedes";
import { plainText } from "../base/plain-text.js";
import {
	describeRefusal,
	isFilter,
	MAX_TOPICS_IN_SUBSCRIBE,
	mayConnect,
	mayPublish,
	mayReceive,
	maySubscribe,
	NO_FILTER,
	type Principal,
	type Refusal,
} from "../identity/permissions.js";
import { onEachPacket, type Packet, subscriptionsOf } from "./aedes-internals.js";
import type { Sessions } from "./sessions.js";

export interface RulesOptions {
	readonly sessions: Sessions;
	/** undefined: the connection has ended. */
	readonly principalOf: (client: Client) => Principal | undefined;
	readonly isThing: (name: string) => boolean;
	readonly log: (line: string) => void;
}

/**
 * A message that a device publishes on a reserved topic is delivered under this prefix, to which no client may subscribe: only the
 * service gets it.
 */
export const SERVICE_INBOX = "$service/";

/**
 * AWS's rules and limits for the clients of the embedded broker, as hooks of aedes. `identity/permissions.ts` decides; here is
 * when it is asked. A client that does what AWS does not allow loses its connection, and a line in the log says why.
 */
export class Rules {
	readonly #options: RulesOptions;

	constructor(options: RulesOptions) {
		this.#options = options;
	}

	/** From now on aedes asks here before a client connects, publishes or subscribes. */
	apply(aedes: Aedes): void {
		const { principalOf } = this.#options;
		aedes.preConnect = (client, packet, done) => {
			const refusal = this.#connect(client, packet);
			done(this.#refuse(refusal, packet.clientId), refusal === undefined);
		};
		aedes.authorizePublish = (client, packet, done) => {
			// The broker's own messages have no client. aedes's $SYS messages are not delivered to devices.
			const principal = client && principalOf(client);
			if (!client || !principal) return done(null);
			const refusal = mayPublish(principal, client.id, packet);
			if (refusal === undefined && packet.topic.startsWith("$")) packet.topic = SERVICE_INBOX + packet.topic;
			done(this.#refuse(refusal, client.id));
		};
		aedes.authorizeSubscribe = (client, subscription, done) => {
			const principal = principalOf(client);
			if (principal === undefined) return done(null, null);
			const others = Object.keys(subscriptionsOf(client)).filter((topic) => topic !== subscription.topic);
			const refusal = maySubscribe(principal, client.id, subscription, others.length);
			done(this.#refuse(refusal, client.id), refusal === undefined ? subscription : null);
		};
	}

	/** Watches the packets of a new connection: for the keep-alive, and for what aedes does not ask about. */
	watch(client: Client): void {
		onEachPacket(client, (packet) => {
			this.#options.sessions.heard(client);
			const wrong = filtersProblem(packet);
			if (wrong === undefined) return;
			const [topics, why] = wrong;
			this.#refuse({ action: "iot:Subscribe", resource: `topicfilter/${topics.join(" ")}`, why }, client.id);
			client.conn.destroy();
		});
	}

	/** Whether a message is delivered to a client that has subscribed to it. If not, the connection stays, as on AWS. */
	mayDeliver(client: Client, topic: string): boolean {
		const principal = this.#options.principalOf(client);
		if (principal === undefined) return false;
		return this.#refuse(mayReceive(principal, client.id, topic), client.id) === null;
	}

	#connect(client: Client, packet: ConnectPacket): Refusal | undefined {
		const { principalOf, isThing, sessions, log } = this.#options;
		const principal = principalOf(client);
		const { clientId, keepalive = 0 } = packet;
		if (principal === undefined) {
			return { action: "iot:Connect", resource: `client/${clientId}`, why: "the connection has ended" };
		}
		if (clientId === "" && !packet.clean) {
			const why = "a client without an id has no persistent session (MQTT 3.1.1, 3.1.3-8)";
			return { action: "iot:Connect", resource: "client/", why };
		}
		const refusal = mayConnect(principal, clientId, packet.will, isThing);
		if (refusal !== undefined) return refusal;
		packet.keepalive = 0; // aedes would use the machine's clock, and accepts any number of seconds
		sessions.watch(client, keepalive, (seconds) => {
			log(`${plainText(clientId)}: silent for 1.5 times its keep-alive of ${seconds} s`);
			client.conn.destroy();
		});
		return undefined;
	}

	#refuse(refusal: Refusal | undefined, clientId: string): Error | null {
		if (refusal === undefined) return null;
		const line = describeRefusal(refusal, clientId);
		this.#options.log(line);
		return new Error(line);
	}
}

/** What is wrong with the filters of a SUBSCRIBE as a whole, or with those of an UNSUBSCRIBE: the filters, and why. */
function filtersProblem({ cmd, subscriptions, unsubscriptions }: Packet): [string[], string] | undefined {
	if (cmd === "subscribe" && subscriptions.length > MAX_TOPICS_IN_SUBSCRIBE) {
		return [subscriptions.map(({ topic }) => topic), `a SUBSCRIBE has at most ${MAX_TOPICS_IN_SUBSCRIBE} topics`];
	}
	if (cmd !== "unsubscribe") return undefined;
	if (unsubscriptions.length === 0) return [[], "an UNSUBSCRIBE has a filter (MQTT 3.1.1, 3.10.3-2)"];
	const wrong = unsubscriptions.filter((topic) => !isFilter(topic));
	return wrong.length > 0 ? [wrong, NO_FILTER] : undefined;
}
