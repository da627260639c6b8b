import { createPrivateKey } from "node:crypto";
import { connect, type TLSSocket as NodeTLSSocket } from "node:tls";
import { Machine } from "../machine/machine.js";
import { ReceiveBuffer } from "./receive-buffer.js";
import { SocketStream, type StreamedSocket } from "./socket-stream.js";
import TCP, { type TCPOptions } from "./tcp.js";

/** In memory or, as the SDK's examples have it, in flash. */
type Der = Pick<ArrayBuffer, "slice">;

export interface Secure {
	/** The CA, DER. */
	certificate?: Der;
	/** The client's chain, DER. */
	clientCertificates?: Der[];
	/** PKCS#8 DER, RSA. */
	clientKey?: Der;
	serverName?: string;
	applicationLayerProtocolNegotiation?: string[];
}

export interface TLSOptions extends TCPOptions {
	secure?: Secure;
	TCP?: { io: new (options: TCPOptions) => TCP };
}

/** The SDK's TLS: version 1.2, no DHE (the manifest turns it off), RSA. */
const CIPHERS = [
	"ECDHE-RSA-AES128-GCM-SHA256",
	"ECDHE-RSA-AES256-GCM-SHA384",
	"AES128-GCM-SHA256",
	"AES256-GCM-SHA384",
].join(":");
/** The payload of the largest TLS record that the SDK sends. */
const WRITABLE_BYTES = 4_096;

/**
 * `embedded:io/socket/tcp/tls`. As in the SDK, a failed check (wrong CA, wrong name, expired certificate) is thrown out of the
 * callback of the TCP socket below: only the TCP class in the options can catch it.
 */
export default class TLSSocket {
	readonly #machine = Machine.current;
	readonly #options: TLSOptions;
	readonly #tls: NodeTLSSocket;
	#tcp: TCP | undefined;
	/** Called from within the next callback of the TCP socket. */
	#pending: (() => void) | undefined;
	#secured = false;
	#closed = false;
	readonly #received = new ReceiveBuffer();
	#unsent = 0;

	constructor(options: TLSOptions) {
		this.#options = options;
		const wire = new SocketStream((callbacks) => this.#open(callbacks));
		wire.on("error", () => this.#failed(new Error("the socket failed"), false));
		this.#tls = connect({ socket: wire, ...credentials(options) });
		this.#tls.on("secureConnect", () => {
			this.#secured = true;
			this.#enter(() => this.#options.onWritable?.(WRITABLE_BYTES));
		});
		this.#tls.on("data", (bytes) => {
			this.#received.push(bytes);
			this.#tls.pause();
			this.#enter(() => this.#options.onReadable?.(this.#received.byteLength));
		});
		this.#tls.on("error", (error) => this.#failed(error, !this.#secured));
		this.#tls.on("close", () => this.#failed(new Error("closed"), false));
	}

	read(count?: number): ArrayBuffer | undefined {
		this.#machine.alive();
		const bytes = this.#received.read(count);
		if (this.#received.byteLength === 0) this.#tls.resume();
		return bytes;
	}

	write(data: ArrayBuffer | Uint8Array): number {
		this.#machine.alive();
		const bytes = Buffer.from(data instanceof Uint8Array ? data : new Uint8Array(data));
		if (!this.#secured || this.#closed) throw new Error("not connected");
		if (bytes.byteLength > WRITABLE_BYTES - this.#unsent) throw new Error("overflow");
		// Node's TLS writes later: what TCP's `write` throws comes out of this one in the SDK, hence the question.
		if (this.#tcp?.write(new Uint8Array(0)) === 0) return 0;
		this.#unsent += bytes.byteLength;
		this.#tls.write(bytes, () => {
			this.#unsent -= bytes.byteLength;
			this.#enter(() => this.#options.onWritable?.(WRITABLE_BYTES - this.#unsent));
		});
		return WRITABLE_BYTES - this.#unsent;
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		const destroy = () => this.#tls.destroy();
		this.#tls.end(destroy);
		// A peer that does not answer must not keep the socket open.
		setTimeout(destroy, 1_000).unref();
	}

	#open(callbacks: Pick<Required<TCPOptions>, "onReadable" | "onWritable" | "onError">): StreamedSocket {
		const { address, host, port } = this.#options;
		const Socket = this.#options.TCP?.io ?? TCP;
		this.#tcp = new Socket({
			...this.#options,
			...(address === undefined ? { host } : { address }),
			port,
			onReadable: (count) => {
				const pending = this.#pending;
				this.#pending = undefined;
				if (pending === undefined) callbacks.onReadable(count);
				else pending();
			},
			onWritable: callbacks.onWritable,
			onError: callbacks.onError,
		});
		return this.#tcp as unknown as StreamedSocket;
	}

	#failed(error: Error, check: boolean): void {
		if (this.#closed) return;
		if (check) {
			this.#enter(() => {
				throw error;
			});
			return;
		}
		this.#closed = true;
		this.#machine.enter(() => this.#options.onError?.());
	}

	/**
	 * The SDK decrypts, and calls its user, from within the callback of the TCP socket, so that an exception passes through it and the
	 * TCP class in the options may catch it. Node's TLS calls from elsewhere, hence this detour.
	 */
	#enter(callback: () => void): void {
		if (this.#closed) return;
		this.#pending = callback;
		this.#tcp?.poke();
	}
}

function credentials({ host, secure = {} }: TLSOptions) {
	const { certificate, clientCertificates, clientKey, serverName, applicationLayerProtocolNegotiation } = secure;
	const name = serverName ?? host;
	return {
		minVersion: "TLSv1.2",
		maxVersion: "TLSv1.2",
		ciphers: CIPHERS,
		...(name !== undefined && { host: name }),
		...(name !== undefined && !/^[\d.]+$/.test(name) && { servername: name }),
		...(certificate && { ca: pem(certificate) }),
		...(clientCertificates && { cert: clientCertificates.map(pem).join("") }),
		...(clientKey && { key: rsaKey(clientKey) }),
		...(applicationLayerProtocolNegotiation && { ALPNProtocols: applicationLayerProtocolNegotiation }),
	} as const;
}

function pem(der: Der): string {
	const lines = Buffer.from(der.slice(0))
		.toString("base64")
		.match(/.{1,64}/g);
	return `-----BEGIN CERTIFICATE-----\n${lines?.join("\n")}\n-----END CERTIFICATE-----\n`;
}

/** @throws for an elliptic curve key: the SDK's TLS signs with RSA only */
function rsaKey(der: Der): string {
	const key = createPrivateKey({ key: Buffer.from(der.slice(0)), format: "der", type: "pkcs8" });
	if (key.asymmetricKeyType !== "rsa") throw new Error("unsupported key: RSA only");
	return key.export({ format: "pem", type: "pkcs8" }) as string;
}
