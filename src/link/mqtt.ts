import type { Provider, SecureSockets } from "./ecma419.js";

/** The network classes of the platform for MQTT, and their options. */
export interface MqttNetwork extends SecureSockets {
	readonly mqtt: Provider<new (options: MqttClientOptions) => MqttClient>;
}

export interface ReadableOptions {
	readonly more: boolean;
	/** With the first piece of a message only, as are QoS and byteLength. */
	readonly topic?: string;
	readonly QoS?: number;
	/** Of the whole payload. */
	readonly byteLength?: number;
}

export interface ControlMessage {
	readonly operation: number;
	readonly id?: number;
	/** With SUBACK: the return codes. */
	readonly payload?: ArrayBufferLike | Uint8Array;
}

export interface MqttWriteOptions {
	operation?: number;
	id?: number;
	topic?: string;
	QoS?: number;
	retain?: boolean;
	/** Of the whole payload, when `data` is only its first piece. */
	byteLength?: number;
	items?: readonly { topic: string; QoS: number }[];
}

export interface MqttClientOptions {
	readonly host: string;
	readonly port: number;
	readonly id: string;
	readonly clean: boolean;
	/** Milliseconds. */
	readonly keepAlive: number;
	readonly dns: Provider<unknown>;
	readonly socket: Provider<unknown>;
	/** The client's `target`. The callbacks are called with the client as `this`. */
	readonly target?: unknown;
	readonly onReadable: (this: MqttClient, count: number, options: ReadableOptions) => void;
	readonly onWritable: (this: MqttClient, count: number) => void;
	readonly onControl: (this: MqttClient, message: ControlMessage) => void;
	/** Comes without an argument; the client closes itself right after. */
	readonly onError: (this: MqttClient, error?: unknown) => void;
}

export interface MqttClient {
	readonly target?: unknown;
	/** Fills a buffer with the piece that was announced, or as much of it as the buffer holds. @returns how many bytes */
	read(into: Uint8Array): number | undefined;
	/** @returns the space that is left, in bytes @throws "overflow" when the message is longer than the space */
	write(data: ArrayBuffer | Uint8Array | null, options?: MqttWriteOptions): number;
	close(): void;
}

/** MQTT 3.1.1 packet types, clause 2.2.1. */
export const Packet = Object.freeze(
	{
		ConnAck: 2,
		Publish: 3,
		Subscribe: 8,
		SubAck: 9,
		Disconnect: 14,
	} as const,
	true,
);
