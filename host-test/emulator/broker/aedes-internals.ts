import { isUtf8 } from "node:buffer";
import type { EventEmitter } from "node:events";
import type { Aedes, Client } from "aedes";

/** Members of aedes and of its clients that its types leave out. The version of aedes is pinned in package.json. */
interface ClientInternals {
	readonly subscriptions: Record<string, { readonly qos: number }>;
	readonly _parser: EventEmitter<{ packet: [Packet] }> & ParserInternals;
}

/** Members of mqtt-packet's parser, which waits in memory for all of a packet. */
interface ParserInternals {
	readonly packet: { readonly length: number; readonly messageId?: number };
	/** @returns whether the length is complete */
	_parseLength(): boolean;
	/** @returns undefined or null when the packet is too short */
	_parseString(): string | null | undefined;
	_parseMessageId(): boolean;
	readonly _list: { slice(from: number, to: number): Buffer };
	readonly _pos: number;
	_emitError(error: Error): false;
}

export interface Packet {
	readonly cmd: string;
	/** Of a SUBSCRIBE. */
	readonly subscriptions: readonly { topic: string }[];
	/** Of an UNSUBSCRIBE. */
	readonly unsubscriptions: readonly string[];
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

/** Ends a connection as soon as it announces a longer packet: before its bytes are kept. */
export function limitPackets(client: Client, maxBytes: number): void {
	const { _parser: parser } = client as unknown as ClientInternals;
	const parseLength = parser._parseLength;
	parser._parseLength = () => {
		if (!parseLength.call(parser)) return false;
		const { length } = parser.packet;
		return length <= maxBytes || parser._emitError(new Error(`a packet of ${length} bytes: at most ${maxBytes}`));
	};
}

/**
 * Ends a connection at what MQTT 3.1.1 does not allow and mqtt-packet takes: texts that are no UTF-8 or have U+0000 in them
 * (1.5.3-1, 1.5.3-2), and the packet identifier 0 (2.3.1-1).
 */
export function demandMusts(client: Client): void {
	const { _parser: parser } = client as unknown as ClientInternals;
	const parseString = parser._parseString;
	parser._parseString = () => {
		const from = parser._pos + 2; // behind the length
		const text = parseString.call(parser);
		if (typeof text !== "string") return text;
		const isText = isUtf8(parser._list.slice(from, parser._pos)) && !text.includes("\0");
		if (!isText) parser._emitError(new Error("a text that is no UTF-8, or has U+0000 in it"));
		return isText ? text : null;
	};
	const parseMessageId = parser._parseMessageId;
	parser._parseMessageId = () => {
		if (!parseMessageId.call(parser)) return false;
		return parser.packet.messageId !== 0 || parser._emitError(new Error("the packet identifier 0"));
	};
}

/** Deletes the subscriptions and the queued messages of a client id. */
export async function deleteSession(aedes: Aedes, id: string): Promise<void> {
	const { persistence } = aedes as unknown as { persistence: Persistence };
	await persistence.cleanSubscriptions({ id });
	for await (const packet of persistence.outgoingStream({ id })) {
		await persistence.outgoingClearMessageId({ id }, packet);
	}
}
