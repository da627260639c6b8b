import HTTPClient from "../ecma419/http-client.js";
import MQTTClient from "../ecma419/mqtt-client.js";
import net from "../ecma419/net.js";
import Resource from "../ecma419/resource.js";
import TCP, { type TCPOptions } from "../ecma419/tcp.js";
import TLSSocket, { type Secure } from "../ecma419/tls.js";
import { Event, Op } from "./platform/protocol.js";
import { NO_BYTES, type Operations, type Post } from "./xs-process.js";

interface HttpConnection {
	readonly client: HTTPClient;
	request: ReturnType<HTTPClient["request"]> | undefined;
}

/**
 * The MQTT and HTTP clients of the agent in XS: those of `ecma419/`, on the host.
 *
 * @param post sends an event to the client in XS that has this number
 */
export function networkOperations(post: Post): Operations {
	const mqtt = new Map<number, MQTTClient>();
	/** What the machine was told of and has not read yet: it is told later than the client here. */
	const pieces = new Map<number, readonly Uint8Array[]>();
	const http = new Map<number, HttpConnection>();
	/** Certificate and key for the connection that a client is about to open. */
	const credentials = new Map<number, ArrayBuffer[]>();

	/** TLS with the client certificate that the agent has chosen. */
	const mutualTls = (target: number, serverName: string): Secure => {
		const [certificate, clientKey] = credentials.get(target) ?? [];
		credentials.delete(target);
		if (certificate === undefined || clientKey === undefined) throw new Error("no client certificate");
		return { serverName, certificate: ca(), clientCertificates: [certificate], clientKey };
	};

	return {
		[Op.credential]: ({ target, number, text, bytes }) => {
			const parts = credentials.get(target) ?? [];
			parts[number] = bytes === undefined ? new Resource(text).slice(0) : Uint8Array.from(bytes).buffer;
			credentials.set(target, parts);
			return undefined;
		},
		[Op.mqttOpen]: ({ target, text }) => {
			const options = JSON.parse(text) as { host: string; port: number; id: string; keepAlive: number };
			const failed = (error: unknown) => post(target, Event.mqttError, 0, String(error));
			const client: MQTTClient = new MQTTClient({
				...options,
				...sockets(mutualTls(target, options.host), failed),
				onReadable: (count, readable) => {
					pieces.set(target, [...(pieces.get(target) ?? []), new Uint8Array(client.read(count) ?? new ArrayBuffer(0))]);
					post(target, Event.mqttReadable, count, JSON.stringify(readable));
				},
				onWritable: (count) => post(target, Event.mqttWritable, count),
				onControl: ({ operation, payload }) => post(target, Event.mqttControl, operation, "", payload),
				onError: () => post(target, Event.mqttError),
			});
			mqtt.set(target, client);
			return undefined;
		},
		[Op.mqttWrite]: ({ target, number, text, bytes = NO_BYTES }) => {
			const options = text === "" ? undefined : JSON.parse(text);
			return mqtt.get(target)?.write(number === 1 ? null : bytes, options);
		},
		[Op.mqttRead]: ({ target, bytes = NO_BYTES }) => {
			const [piece, ...others] = pieces.get(target) ?? [];
			if (piece === undefined) return undefined;
			const rest = piece.subarray(bytes.byteLength);
			pieces.set(target, rest.byteLength > 0 ? [rest, ...others] : others);
			return { into: piece.subarray(0, bytes.byteLength) };
		},
		[Op.mqttClose]: ({ target }) => {
			pieces.delete(target);
			mqtt.get(target)?.close();
			mqtt.delete(target);
			return undefined;
		},
		[Op.httpOpen]: ({ target, number: port, text }) => {
			const { host, isMutual } = JSON.parse(text) as { host: string; isMutual: boolean };
			const failed = () => post(target, Event.httpError);
			const secure = isMutual ? mutualTls(target, host) : { certificate: ca() };
			const client = new HTTPClient({ host, port, ...sockets(secure, failed), onError: failed } as never);
			http.set(target, { client, request: undefined });
			return undefined;
		},
		[Op.httpRequest]: ({ target, text }) => {
			const { method, path, headers } = JSON.parse(text) as Record<"method" | "path", string> & {
				headers: [string, string][];
			};
			const connection = http.get(target);
			if (connection === undefined) return undefined;
			connection.request = connection.client.request({
				method,
				path,
				headers: new Map(headers),
				onHeaders: (status, received) => post(target, Event.httpHeaders, status, JSON.stringify([...received])),
				onWritable: (count) => post(target, Event.httpWritable, count),
				onReadable: (count) => post(target, Event.httpReadable, count),
				onDone: (error) => post(target, Event.httpDone, 0, error?.message ?? ""),
			});
			return undefined;
		},
		[Op.httpWrite]: ({ target, bytes = NO_BYTES }) => http.get(target)?.request?.write(bytes) as undefined,
		[Op.httpRead]: ({ target, bytes = NO_BYTES }) => {
			const read = http.get(target)?.request?.read(bytes.byteLength);
			return read && { into: new Uint8Array(read) };
		},
		[Op.httpClose]: ({ target }) => {
			http.get(target)?.client.close();
			http.delete(target);
			return undefined;
		},
	};
}

function ca(): ArrayBuffer {
	return new Resource("ca.der").slice(0);
}

/**
 * The classes with which a client connects. What TLS throws out of a callback of its TCP socket is caught here and told to `failed`:
 * the agent catches it with a TCP class of its own, which does not reach over the bridge.
 */
function sockets(secure: Secure, failed: (error: unknown) => void) {
	class Guarded extends TCP {
		constructor(options: TCPOptions) {
			const guard = (callback: ((count: number) => void) | undefined) => (count: number) => {
				try {
					callback?.(count);
				} catch (error) {
					failed(error);
				}
			};
			super({ ...options, onReadable: guard(options.onReadable), onWritable: guard(options.onWritable) });
		}
		override write(data: ArrayBuffer | Uint8Array): number {
			try {
				return super.write(data);
			} catch (error) {
				failed(error);
				return 0;
			}
		}
	}
	return { dns: { io: Resolver }, socket: { io: TLSSocket, secure, TCP: { io: Guarded } } } as never as {
		dns: never;
		socket: never;
	};
}

/** As the agent has it, on this side of the bridge. */
class Resolver {
	resolve({ host, onResolved, onError }: ResolveOptions): void {
		net.resolve(host, (name, address) => (address === undefined ? onError() : onResolved(name, address)));
	}
}

interface ResolveOptions {
	readonly host: string;
	readonly onResolved: (host: string, address: string) => void;
	readonly onError: () => void;
}
