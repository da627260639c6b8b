/**
 * What the transport needs of the ECMA-419 classes, as shapes: the classes themselves are handed in, so that an
 * application may bring its own. Source: Moddable SDK 8.2.3, documentation/io and its typings; facts about their real
 * behaviour in the comments.
 */

/** Options of a class, together with the class: `{io, ...}`, as ECMA-419 hands classes into classes. */
export interface Provider<T> {
	readonly io: T;
	readonly [option: string]: unknown;
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
	readonly onReadable: (count: number, options: ReadableOptions) => void;
	readonly onWritable: (count: number) => void;
	readonly onControl: (message: ControlMessage) => void;
	readonly onClose: () => void;
	/** Comes without an argument; the client has closed itself by then. */
	readonly onError: (error?: unknown) => void;
}

export interface MqttClient {
	read(count: number): ArrayBuffer | undefined;
	/** @returns the space that is left, in bytes @throws "overflow" when the message is longer than the space */
	write(data: ArrayBuffer | Uint8Array | null, options?: MqttWriteOptions): number;
	close(): void;
}

// biome-ignore lint/suspicious/noExplicitAny: TypeScript requires any[] in the constructor of a mixin's base
export type SocketClass = new (...args: any[]) => object;

export interface Resolver {
	resolve(options: {
		host: string;
		onResolved: (host: string, address: string) => void;
		onError: (error?: unknown) => void;
	}): void;
}

export type ResolverClass = new (options: Record<string, unknown>) => Resolver;

/** What is needed of the ECMA-419 HTTP client. */
export interface HttpClient {
	request(options: {
		method: string;
		path: string;
		headers?: Map<string, string>;
		onHeaders(status: number, headers: Map<string, string>): void;
		onWritable?(this: HttpRequest, count: number): void;
		onReadable(this: HttpRequest, count: number): void;
		onDone(error: Error | null | undefined): void;
	}): unknown;
	close(): void;
}

export interface HttpRequest {
	read(byteLength: number): ArrayBuffer | undefined;
	/** A piece of the body, of the length that the header says. */
	write(data: Uint8Array): void;
}

export interface HttpNetwork {
	readonly http: Provider<new (options: Record<string, unknown>) => HttpClient>;
	readonly dns: Provider<ResolverClass>;
	/** With the CA of the image's server in `secure`. */
	readonly tls: Provider<SocketClass>;
	readonly tcp: Provider<SocketClass>;
}

/** MQTT 3.1.1 packet types, clause 2.2.1. */
export const Packet = Object.freeze(
	{
		ConnAck: 2,
		Publish: 3,
		PubAck: 4,
		Subscribe: 8,
		SubAck: 9,
		Disconnect: 14,
	} as const,
	true,
);
