/** The fields of a PUBLISH that come with its first piece. */
interface PublishHead {
	readonly topic: string;
	readonly QoS: number;
	readonly byteLength: number;
}

interface Publish {
	/** Bytes of the payload that are still to come. */
	left: number;
	/** With QoS 1. */
	readonly id: number | undefined;
}

export type Incoming =
	/** Any packet but PUBLISH. */
	| { readonly kind: "packet"; readonly type: number; readonly body: Buffer }
	/** A piece of a PUBLISH, which `read` returns now. */
	| { readonly kind: "piece"; readonly count: number; readonly options: Partial<PublishHead> & { more: boolean } }
	/** A PUBLISH of QoS 1 is complete, though its last piece may not have been read. */
	| { readonly kind: "published"; readonly id: number };

/** The packet parser of `MQTTClient`, with the SDK's oddities: it hands on a PUBLISH in the pieces in which it arrives. */
export class PacketReader {
	#bytes = Buffer.alloc(0);
	/** The PUBLISH that is arriving. */
	#publish: Publish | undefined;
	/** Set until the first piece of the PUBLISH has come. */
	#head: PublishHead | undefined;
	/** The piece that the application may read now. */
	#piece = Buffer.alloc(0);

	*feed(bytes: Buffer): Generator<Incoming> {
		this.#bytes = Buffer.concat([this.#bytes, bytes]);
		while (this.#bytes.byteLength > 0) {
			const incoming = this.#publish === undefined ? this.#header() : this.#payload(this.#publish);
			if (incoming === undefined) return;
			yield* incoming;
		}
	}

	read(count: number): ArrayBuffer | undefined {
		if (this.#piece.byteLength === 0) return undefined;
		const bytes = this.#piece.subarray(0, count);
		this.#piece = this.#piece.subarray(bytes.byteLength);
		return Uint8Array.from(bytes).buffer;
	}

	/** @returns undefined for an empty payload: the SDK's parser waits for a piece of it for ever */
	#payload(publish: Publish): Incoming[] | undefined {
		if (publish.left === 0) return undefined;
		const piece = this.#bytes.subarray(0, publish.left);
		this.#bytes = this.#bytes.subarray(piece.byteLength);
		publish.left -= piece.byteLength;
		const more = publish.left > 0;
		if (!more) this.#publish = undefined;
		const options = { more, ...this.#head };
		this.#head = undefined;
		this.#piece = piece;
		const incoming: Incoming = { kind: "piece", count: piece.byteLength, options };
		return more || publish.id === undefined ? [incoming] : [{ kind: "published", id: publish.id }, incoming];
	}

	/** @returns undefined when more bytes are needed */
	#header(): Incoming[] | undefined {
		const length = decodeRemainingLength(this.#bytes);
		if (length === undefined) return undefined;
		const type = (this.#bytes[0] as number) >> 4;
		if (type === 3) return this.#publishHeader((this.#bytes[0] as number) & 15, length.value, length.end);
		const end = length.end + length.value;
		if (this.#bytes.byteLength < end) return undefined;
		const body = this.#bytes.subarray(length.end, end);
		this.#bytes = this.#bytes.subarray(end);
		return [{ kind: "packet", type, body }];
	}

	#publishHeader(flags: number, remaining: number, start: number): [] | undefined {
		const qos = (flags >> 1) & 3;
		if (this.#bytes.byteLength < start + 2) return undefined;
		const topicEnd = start + 2 + this.#bytes.readUInt16BE(start);
		const end = topicEnd + (qos > 0 ? 2 : 0);
		if (this.#bytes.byteLength < end) return undefined;
		const topic = this.#bytes.toString("utf8", start + 2, topicEnd);
		const byteLength = remaining - (end - start);
		this.#publish = { left: byteLength, id: qos > 0 ? this.#bytes.readUInt16BE(topicEnd) : undefined };
		this.#head = { topic, QoS: qos, byteLength };
		this.#bytes = this.#bytes.subarray(end);
		return [];
	}
}

/** MQTT 3.1.1, clause 2.2.3. @returns undefined when the bytes are not all there */
function decodeRemainingLength(bytes: Buffer): { value: number; end: number } | undefined {
	let value = 0;
	for (let i = 1; i <= 4; i += 1) {
		const byte = bytes[i];
		if (byte === undefined) return undefined;
		value += (byte & 0x7f) << (7 * (i - 1));
		if (byte < 0x80) return { value, end: i + 1 };
	}
	throw new Error("malformed remaining length");
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
