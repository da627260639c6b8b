import type { EventEmitter } from "node:events";
import type { Aedes, Client } from "aedes";

/** Members of aedes and of its clients that its types leave out. The version of aedes is pinned in package.json. */
interface ClientInternals {
	readonly subscriptions: Record<string, { readonly qos: number }>;
	readonly _parser: EventEmitter<{ packet: [Packet] }>;
}

export interface Packet {
	readonly cmd: string;
	/** Of a SUBSCRIBE. */
	readonly subscriptions: readonly { topic: string }[];
}

/** What is used of aedes-persistence. */
interface Persistence {
	cleanSubscriptions(client: { id: string }): Promise<unknown>;
	outgoingStream(client: { id: string }): AsyncIterable<object>;
	outgoingClearMessageId(client: { id: string }, packet: object): Promise<unknown>;
}

export function subscriptionsOf(client: Client): ClientInternals["subscriptions"] {
	return (client as unknown as ClientInternals).subscriptions;
}

/** aedes has no event for each packet, but its parser has one. */
export function onEachPacket(client: Client, listener: (packet: Packet) => void): void {
	(client as unknown as ClientInternals)._parser.prependListener("packet", listener);
}

/** Deletes the subscriptions and the queued messages of a client id. */
export async function deleteSession(aedes: Aedes, id: string): Promise<void> {
	const { persistence } = aedes as unknown as { persistence: Persistence };
	await persistence.cleanSubscriptions({ id });
	for await (const packet of persistence.outgoingStream({ id })) {
		await persistence.outgoingClearMessageId({ id }, packet);
	}
}
