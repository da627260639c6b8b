import { encodeRemainingLength } from "./mqtt-reader.js";

export interface ConnectOptions {
	readonly id?: string;
	readonly clean?: boolean;
	/** Milliseconds. */
	readonly keepAlive?: number;
	readonly user?: string;
	readonly password?: string | ArrayBuffer;
	readonly will?: {
		readonly topic: string;
		readonly message: string;
		readonly QoS?: number;
		readonly retain?: boolean;
	};
}

export interface PublishOptions {
	readonly topic?: string;
	readonly QoS?: number;
	readonly retain?: boolean;
	readonly duplicate?: boolean;
	readonly byteLength?: number;
}

interface Item {
	readonly topic: string;
	readonly QoS?: number;
}

export interface WriteOptions extends PublishOptions {
	operation?: number;
	id?: number;
	items?: readonly Item[];
}

/** What the client has to say by itself. */
export interface Pending {
	readonly operation: number;
	readonly id?: number;
	/** Of the packet. */
	readonly byteLength: number;
}

/** As the SDK's client rounds it. */
export const keepAliveSeconds = ({ keepAlive = 0 }: ConnectOptions) => Math.ceil(keepAlive / 1_000);

/** MQTT 3.1.1, clause 3.1. What is empty is left out, but for the name. */
export function connectPacket(options: ConnectOptions): Buffer {
	const { id = "", will, user, password } = options;
	const leaves = will !== undefined && will.topic !== "" && will.message !== "";
	const flags =
		(options.clean === false ? 0 : 2) |
		(leaves ? 4 : 0) |
		(((will?.QoS ?? 0) & 3) << 3) |
		(will?.retain ? 0x20 : 0) |
		(password === undefined ? 0 : 0x40) |
		(user === undefined ? 0 : 0x80);
	const body = [text("MQTT"), Buffer.of(4, flags), uint16(keepAliveSeconds(options)), text(id)];
	if (leaves) body.push(text(will.topic), text(will.message));
	if (user !== undefined) body.push(text(user));
	if (password !== undefined) body.push(text(password));
	return packet(0x10, ...body);
}

/** Clause 3.3, with the first piece of the payload. */
export function publishPacket(id: number, piece: Uint8Array, options: PublishOptions): Buffer {
	const { topic = "", QoS = 0, retain = false, duplicate = false, byteLength = piece.byteLength } = options;
	const head = Buffer.concat([text(topic), QoS > 0 ? uint16(id) : Buffer.alloc(0)]);
	const flags = (duplicate ? 8 : 0) | ((QoS & 3) << 1) | (retain ? 1 : 0);
	return Buffer.concat([Buffer.of(0x30 | flags, ...encodeRemainingLength(head.byteLength + byteLength)), head, piece]);
}

const PUBACK = 4;
const PUBREL = 6;
const PUBCOMP = 7;
const SUBSCRIBE = 8;
const UNSUBSCRIBE = 10;
const PINGREQ = 12;
const DISCONNECT = 14;

/** What a client sends beside CONNECT and PUBLISH. */
export function controlPacket(operation: number, id: number, items: readonly Item[]): Buffer {
	if (operation >= PUBACK && operation <= PUBCOMP) return answerPacket(operation, id);
	if (operation === SUBSCRIBE) return subscribePacket(id, items);
	if (operation === UNSUBSCRIBE) return unsubscribePacket(id, items);
	if (operation === PINGREQ || operation === DISCONNECT) return packet(operation << 4);
	throw new Error("unknown");
}

/** Clause 3.8. */
function subscribePacket(id: number, items: readonly Item[]): Buffer {
	return packet(0x82, uint16(id), ...items.flatMap(({ topic, QoS = 0 }) => [text(topic), Buffer.of(QoS & 3)]));
}

/** Clause 3.10. */
function unsubscribePacket(id: number, items: readonly Item[]): Buffer {
	return packet(0xa2, uint16(id), ...items.map(({ topic }) => text(topic)));
}

/** Clauses 3.4 to 3.7. */
function answerPacket(operation: number, id: number): Buffer {
	return packet((operation << 4) | (operation === PUBREL ? 2 : 0), uint16(id));
}

function packet(head: number, ...body: readonly Buffer[]): Buffer {
	const bytes = Buffer.concat(body);
	return Buffer.concat([Buffer.of(head, ...encodeRemainingLength(bytes.byteLength)), bytes]);
}

function uint16(value: number): Buffer {
	return Buffer.of((value >> 8) & 0xff, value & 0xff);
}

function text(value: string | ArrayBuffer): Buffer {
	const bytes = typeof value === "string" ? Buffer.from(value) : Buffer.from(value);
	return Buffer.concat([uint16(bytes.byteLength), bytes]);
}
