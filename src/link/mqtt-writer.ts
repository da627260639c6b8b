import { type MqttClient, Packet } from "./mqtt.js";

/** MQTT 3.1.1, clause 2.3.1: a packet id is 1..65,535. */
const MAX_PACKET_ID = 65_535;
/** Clause 2.2.3: the fixed header of the largest packet; then the topic's length and the packet id, two bytes each. */
const HEADER_BYTES = 5 + 2 + 2;

/**
 * What is sent on one connection: one message at a time, in pieces where the space demands it, each with a packet id of
 * our own: the id that the SDK's client chooses is never wrapped, and its 65,535th packet carries the forbidden id 0.
 */
export class MqttWriter {
	private readonly client: MqttClient;
	private space = 0;
	private id = 0;
	private topic = "";
	private payload: Uint8Array | undefined;
	private sent = 0;
	/** Waits for the message before it: the Jobs protocol and a file stream have one request each in flight. */
	private next: { readonly topic: string; readonly payload: Uint8Array } | undefined;

	constructor(client: MqttClient) {
		this.client = client;
	}

	subscribe(topics: readonly string[]): void {
		this.space = this.client.write(null, {
			operation: Packet.Subscribe,
			id: this.nextId(),
			items: topics.map((topic) => ({ topic, QoS: 1 })),
		});
	}

	/** @returns false while a message waits already */
	publish(topic: string, payload: Uint8Array): boolean {
		if (this.next !== undefined) return false;
		this.next = { topic, payload };
		this.write();
		return true;
	}

	/** The client's onWritable. */
	writable(count: number): void {
		this.space = count;
		this.write();
	}

	private write(): void {
		for (let payload = this.current(); payload !== undefined; payload = this.current()) {
			const { byteLength } = payload;
			// An ASCII topic: as many bytes as characters.
			const header = this.sent === 0 ? HEADER_BYTES + this.topic.length : 0;
			const room = this.space - header;
			if (room < 1) return;
			const end = Math.min(byteLength, this.sent + room);
			if (!this.writePiece(payload.subarray(this.sent, end))) return;
			this.sent = end;
			if (end === byteLength) this.payload = undefined;
		}
	}

	/** What is being written, or else what waited. */
	private current(): Uint8Array | undefined {
		const next = this.next;
		if (this.payload !== undefined || next === undefined) return this.payload;
		this.next = undefined;
		this.topic = next.topic;
		this.payload = next.payload;
		this.sent = 0;
		return next.payload;
	}

	/** @returns false when the client had less space than it said; its next onWritable goes on */
	private writePiece(piece: Uint8Array): boolean {
		const first = this.sent === 0;
		const byteLength = this.payload?.byteLength ?? 0;
		const options = { operation: Packet.Publish, id: this.id, topic: this.topic, QoS: 1, byteLength };
		try {
			if (first) options.id = this.nextId();
			this.space = first ? this.client.write(piece, options) : this.client.write(piece);
			return true;
		} catch (error) {
			if (!String(error).includes("overflow")) throw error;
			this.space = 0;
			return false;
		}
	}

	private nextId(): number {
		this.id = this.id === MAX_PACKET_ID ? 1 : this.id + 1;
		return this.id;
	}
}
