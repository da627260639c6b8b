export interface PacketListener {
	/** Any packet but PUBLISH. */
	onPacket(type: number, flags: number, body: Buffer): void;
	/** A piece of a PUBLISH: read it with `read`. */
	onPublish(count: number, options: { more: boolean; topic?: string; QoS?: number; byteLength?: number }): void;
	/** A PUBLISH of QoS 1 has come whole, though its last piece is perhaps not yet read. */
	onPublished(id: number): void;
}

interface Publish {
	left: number;
	readonly id: number | undefined;
}

/** Takes MQTT packets apart as the bytes come: a PUBLISH is handed on in the pieces in which it arrives. */
export class PacketReader {
	readonly #listener: PacketListener;
	#bytes = Buffer.alloc(0);
	#publish: Publish | undefined;
	/** The piece that the application may read now. */
	#piece = Buffer.alloc(0);

	constructor(listener: PacketListener) {
		this.#listener = listener;
	}

	feed(bytes: Buffer): void {
		this.#bytes = Buffer.concat([this.#bytes, bytes]);
		while (this.#bytes.byteLength > 0) {
			if (this.#publish !== undefined ? !this.#payload(this.#publish) : !this.#header()) return;
		}
	}

	read(count: number): ArrayBuffer | undefined {
		if (this.#piece.byteLength === 0) return undefined;
		const bytes = this.#piece.subarray(0, count);
		this.#piece = this.#piece.subarray(bytes.byteLength);
		return Uint8Array.from(bytes).buffer;
	}

	/** @returns false when more bytes are needed */
	#header(): boolean {
		const length = decodeRemainingLength(this.#bytes);
		if (length === undefined) return false;
		const type = (this.#bytes[0] as number) >> 4;
		const flags = (this.#bytes[0] as number) & 15;
		if (type === 3) return this.#publishHeader(flags, length.value, length.end);
		const end = length.end + length.value;
		if (this.#bytes.byteLength < end) return false;
		const body = this.#bytes.subarray(length.end, end);
		this.#bytes = this.#bytes.subarray(end);
		this.#listener.onPacket(type, flags, body);
		return true;
	}

	#publishHeader(flags: number, remaining: number, start: number): boolean {
		const qos = (flags >> 1) & 3;
		if (this.#bytes.byteLength < start + 2) return false;
		const topicEnd = start + 2 + this.#bytes.readUInt16BE(start);
		const end = topicEnd + (qos > 0 ? 2 : 0);
		if (this.#bytes.byteLength < end) return false;
		const topic = this.#bytes.toString("utf8", start + 2, topicEnd);
		const byteLength = remaining - (end - start);
		this.#publish = { left: byteLength, id: qos > 0 ? this.#bytes.readUInt16BE(topicEnd) : undefined };
		this.#bytes = this.#bytes.subarray(end);
		// With an empty payload there is no piece, now or later: the SDK's parser waits for one for ever.
		if (this.#bytes.byteLength > 0) this.#payload(this.#publish, { topic, QoS: qos, byteLength });
		else this.#first = { topic, QoS: qos, byteLength };
		return true;
	}

	#first: { topic: string; QoS: number; byteLength: number } | undefined;

	#payload(publish: Publish, first = this.#first): boolean {
		if (publish.left === 0) return false; // wedged
		this.#first = undefined;
		const piece = this.#bytes.subarray(0, publish.left);
		this.#bytes = this.#bytes.subarray(piece.byteLength);
		publish.left -= piece.byteLength;
		const more = publish.left > 0;
		if (!more) this.#publish = undefined;
		if (!more && publish.id !== undefined) this.#listener.onPublished(publish.id);
		this.#piece = piece;
		this.#listener.onPublish(piece.byteLength, { more, ...first });
		return true;
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
