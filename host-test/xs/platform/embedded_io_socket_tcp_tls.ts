import type { Callback, SocketOptions } from "./embedded_io_socket_tcp.js";
import { type Der, type Secure, unused } from "./host.js";

interface Options extends SocketOptions {
	readonly secure: Secure;
	readonly TCP: { readonly io: new (options: object) => { close(): void } };
}

/**
 * What a connection over TLS keeps alive on this side of the bridge: as with the SDK's class, its callbacks, the certificates and the
 * key, and a socket with callbacks of its own. TLS is done on the host's side.
 */
export default class TLSSocket {
	protected readonly onReadable: Callback | undefined;
	protected readonly onWritable: Callback | undefined;
	protected readonly onError: Callback | undefined;
	protected readonly certificate: Der | undefined;
	protected readonly clientCertificates: readonly Der[] | undefined;
	protected readonly clientKey: Der | undefined;
	private readonly socket: { close(): void };

	constructor(options: Options) {
		const { onReadable, onWritable, onError, secure } = options;
		this.onReadable = onReadable;
		this.onWritable = onWritable;
		this.onError = onError;
		this.certificate = secure.certificate;
		this.clientCertificates = secure.clientCertificates;
		this.clientKey = secure.clientKey;
		this.socket = new options.TCP.io({ ...options, onReadable: unused, onWritable: unused, onError: unused });
	}

	close(): void {
		this.socket.close();
	}
}
