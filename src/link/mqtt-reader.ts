import type { LinkHost } from "../agent/link.js";
import type { MqttClient, ReadableOptions } from "./mqtt.js";

/**
 * Makes messages out of the pieces in which the MQTT client delivers them. There is one buffer, allocated once. A message that
 * does not fit is read and thrown away, so that the connection goes on behind it; the host is told of it without a payload.
 */
export class MqttReader {
	private readonly host: LinkHost;
	private readonly buffer: Uint8Array;
	private topic = "";
	private expected = 0;
	private received = 0;

	/** @param bytes the largest payload that is kept */
	constructor(bytes: number, host: LinkHost) {
		this.buffer = new Uint8Array(bytes);
		this.host = host;
	}

	/** Forgets a message that was cut off with its connection. */
	reset(): void {
		this.topic = "";
		this.expected = this.received = 0;
	}

	/** One call of the client's onReadable. */
	read(client: MqttClient, count: number, { topic, byteLength, more }: ReadableOptions): void {
		if (topic !== undefined) {
			this.topic = topic;
			this.expected = byteLength ?? count;
			this.received = 0;
		}
		const { buffer } = this;
		const end = this.received + count;
		while (this.received < end) {
			// What does not fit is read over what has come: it is counted alone.
			const bytes = client.read(this.received > 0 && this.fits(end) ? buffer.subarray(this.received) : buffer);
			if (!bytes) break;
			this.received += bytes;
		}
		if (!more) this.complete();
	}

	/** Both what was announced and what came: a client may announce less than it delivers. */
	private fits(end: number): boolean {
		return Math.max(this.expected, end) <= this.buffer.byteLength;
	}

	private complete(): void {
		const { topic, received, buffer, host } = this;
		const fits = this.fits(received);
		this.reset();
		if (topic === "") return; // the rest of a message whose start belongs to another connection
		if (!fits) host.log(`${topic}: ${received} bytes, more than the buffer of ${buffer.byteLength}: drained`);
		host.receive(topic, buffer, fits ? received : undefined);
	}
}
