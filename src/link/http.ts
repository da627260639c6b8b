import type { Provider, SecureSockets } from "./ecma419.js";
import { type ConnectionOwner, guardedSockets } from "./guards.js";

/** The network classes of the platform for HTTPS, and their options. */
export interface HttpNetwork extends SecureSockets {
	readonly http: Provider<new (options: Record<string, unknown>) => HttpClient>;
}

/** What is needed of ECMA-419's HTTP client: one request after the other, streamed. */
export interface HttpClient {
	request(options: {
		method: string;
		path: string;
		headers?: Map<string, string>;
		onHeaders(this: HttpRequest, status: number, headers: Map<string, string>): void;
		onWritable?(this: HttpRequest, count: number): void;
		onReadable(this: HttpRequest, count: number): void;
		onDone(this: HttpRequest, error: Error | null | undefined): void;
	}): HttpRequest;
	close(): void;
}

export interface HttpRequest {
	/** Fills a buffer with what has come. @returns how many bytes; undefined when there are none */
	read(into: Uint8Array): number | undefined;
	/** A piece of the body. The header `content-length` has said how long the whole is. */
	write(data: Uint8Array): void;
}

/**
 * Opens an HTTP client over TLS: for the Jobs service, and for downloads.
 *
 * @param owner its `failed` is called when the connection is lost or refused, or when the SDK throws in a callback
 * @throws what the platform's constructors throw
 */
export function openHttp(network: HttpNetwork, host: string, port: number, owner: ConnectionOwner): HttpClient {
	const { connection } = owner;
	return new network.http.io({
		...network.http,
		...guardedSockets(network, owner),
		host,
		port,
		onError() {
			if (connection === owner.connection) owner.failed("the connection failed", connection);
		},
	});
}
