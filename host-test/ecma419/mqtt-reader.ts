/** The fields of a PUBLISH that come with its first piece. */
interface PublishHead {
	readonly topic: string;
	readonly byteLength: number;
	readonly QoS: number;
}

interface Publish {
	/** Bytes of the payload that are still to come. */
	left: number;
	readonly QoS: number;
	readonly id: number;
}

export type Incoming =
	/** Any packet but PUBLISH: what `onControl` is given. */
	| { readonly kind: "packet"; readonly message: ControlMessage }
	/** A piece of a PUBLISH, which `read` returns now. */
	| { readonly kind: "piece"; readonly count: number; readonly options: Partial<PublishHead> & { more: boolean } }
	/** A PUBLISH that wants an answer is complete, though its last piece has not been read. */
	| { readonly kind: "published"; readonly QoS: number; readonly id: number }
	/** What follows cannot be understood. */
	| { readonly kind: "broken" };

export interface ControlMessage {
	readonly operation: number;
	readonly returnCode?: number;
	readonly id?: number;
	readonly payload?: number[];
}

const CONNACK = 2;
const PUBLISH = 3;
const SUBACK = 9;
/** The packets with a packet id that servers send: PUBACK to PUBCOMP, SUBACK, UNSUBACK. */
const ANSWERS = [4, 5, 6, 7, 9, 11];
const BROKEN: Incoming = { kind: "broken" };

/**
 * The packet parser of `MQTTClient`, with the SDK's oddities: it hands on a PUBLISH in the pieces in which it arrives, one at a
 * time.
 */
export class PacketReader {
	#bytes = Buffer.alloc(0);
	/** The PUBLISH that is arriving. */
	#publish: Publish | undefined;
	/** Set until the first piece of the PUBLISH has come. */
	#head: PublishHead | undefined;
	/** The piece that the application may read now. */
	#piece = Buffer.alloc(0);
	#later: Incoming | undefined;

	push(bytes: Uint8Array): void {
		this.#bytes = Buffer.concat([this.#bytes, bytes]);
	}

	/** How many bytes of the piece are not read. */
	get unread(): number {
		return this.#piece.byteLength;
	}

	/** @returns undefined when more bytes are needed, or a piece was not read */
	next(): Incoming | undefined {
		const later = this.#later;
		this.#later = undefined;
		if (later !== undefined) return later;
		while (this.#bytes.byteLength > 0 && this.unread === 0) {
			if (this.#publish !== undefined) return this.#payload(this.#publish);
			const started = this.#start();
			if (started !== true) return started;
		}
		return undefined;
	}

	read(count: number): Buffer {
		const bytes = this.#piece.subarray(0, count);
		this.#piece = this.#piece.subarray(bytes.byteLength);
		return bytes;
	}

	/** The fixed header, and what follows it. @returns true when a payload comes next */
	#start(): Incoming | true | undefined {
		const head = this.#bytes[0] as number;
		const operation = head >> 4;
		if (operation === 0 || operation === 15) return BROKEN;
		const length = decodeRemainingLength(this.#bytes);
		if (length === undefined) return undefined;
		if (length === "malformed") return BROKEN;
		const { value, end } = length;
		const isPublish = operation === PUBLISH && value > 0;
		return isPublish ? this.#publishHeader(head & 15, value, end) : this.#packet(operation, end, value);
	}

	/** @returns undefined for an empty payload: the SDK's parser waits for a piece of it for ever */
	#payload(publish: Publish): Incoming | undefined {
		if (publish.left === 0) return undefined;
		const { QoS, id } = publish;
		const piece = this.#bytes.subarray(0, publish.left);
		this.#bytes = this.#bytes.subarray(piece.byteLength);
		publish.left -= piece.byteLength;
		const more = publish.left > 0;
		if (!more) this.#publish = undefined;
		const options = { ...this.#head, more };
		this.#head = undefined;
		this.#piece = piece;
		const incoming: Incoming = { kind: "piece", count: piece.byteLength, options };
		if (more || QoS === 0) return incoming;
		this.#later = incoming;
		return { kind: "published", QoS, id };
	}

	#packet(operation: number, start: number, length: number): Incoming | undefined {
		if (length > 0) {
			if (operation === CONNACK ? length !== 2 : !ANSWERS.includes(operation)) return BROKEN;
			if (this.#bytes.byteLength < start + length) return undefined;
		}
		const body = this.#bytes.subarray(start, start + length);
		this.#bytes = this.#bytes.subarray(start + length);
		if (length === 0) return { kind: "packet", message: { operation } };
		if (operation === CONNACK) return { kind: "packet", message: { operation, returnCode: body[1] as number } };
		const payload = operation === SUBACK ? { payload: [...body.subarray(2)] } : {};
		return { kind: "packet", message: { operation, id: body.readUInt16BE(0), ...payload } };
	}

	/** @returns true when the payload comes next */
	#publishHeader(flags: number, remaining: number, start: number): Incoming | true | undefined {
		const QoS = (flags >> 1) & 3;
		const hasId = QoS === 1 || QoS === 2;
		if (this.#bytes.byteLength < start + 2) return undefined;
		const topicBytes = this.#bytes.readUInt16BE(start);
		if (topicBytes === 0) return BROKEN;
		const topicEnd = start + 2 + topicBytes;
		const end = topicEnd + (hasId ? 2 : 0);
		if (this.#bytes.byteLength < end) return undefined;
		const topic = this.#bytes.toString("utf8", start + 2, topicEnd);
		const byteLength = remaining - (end - start);
		this.#publish = { left: byteLength, QoS, id: hasId ? this.#bytes.readUInt16BE(topicEnd) : 0 };
		this.#head = { topic, byteLength, QoS };
		this.#bytes = this.#bytes.subarray(end);
		return true;
	}
}

/** MQTT 3.1.1, clause 2.2.3. @returns undefined when the bytes are not all there */
function decodeRemainingLength(bytes: Buffer): { value: number; end: number } | "malformed" | undefined {
	let value = 0;
	for (let i = 1; i <= 4; i += 1) {
		const byte = bytes[i];
		if (byte === undefined) return undefined;
		value += (byte & 0x7f) << (7 * (i - 1));
		if (byte < 0x80) return { value, end: i + 1 };
	}
	return "malformed";
}

export function encodeRemainingLength(value: number): number[] {
	const bytes: number[] = [];
	let rest = value;
	do {
		bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
		rest >>= 7;
	} while (rest > 0);
	return bytes;
}
