import { EventEmitter, once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from "node:tls";
import type { Pair } from "../identity/pki.js";

export interface SecurePortOptions {
	readonly host: string;
	/** 0 takes a free one. */
	readonly port: number;
	readonly server: Pair;
	/** PEM: the CA of the clients' certificates, and certificates of other CAs that are taken as they are. */
	readonly ca: string | readonly string[];
	/** Whether a client without a certificate of this CA is refused in the handshake. If not, see the socket's `authorized`. */
	readonly demandCertificate: boolean;
	/** ALPN: the protocols of this port, the preferred one first. A client that names only others is refused. */
	readonly protocols: readonly string[];
}

interface SecurePortEvents {
	connection: [TLSSocket];
	log: [string];
}

/** AWS's ALPN names for MQTT and HTTPS with a client certificate (AWS IoT Core developer guide, "Device communication protocols"). */
export const ALPN_MQTT = "x-amzn-mqtt-ca";
export const ALPN_HTTP = "x-amzn-http-ca";

/** From the connection to the end of its TLS handshake. */
const HANDSHAKE_MS = 20_000;

/** A TCP port with mutual TLS, 1.2 or 1.3: for the broker and for the HTTPS data plane. */
export class SecurePort extends EventEmitter<SecurePortEvents> {
	readonly #host: string;
	readonly #pair: Pair;
	readonly #server: Server;
	/** Includes those whose handshake is not complete. */
	readonly #sockets = new Set<Socket>();

	private constructor({ host, server, ca, demandCertificate, protocols }: SecurePortOptions) {
		super();
		this.#host = host;
		this.#pair = server;
		this.#server = createServer(
			{
				...contextOf(server, ca),
				requestCert: true,
				rejectUnauthorized: demandCertificate,
				ALPNProtocols: [...protocols],
				handshakeTimeout: HANDSHAKE_MS,
				noDelay: true, // answers are small, and a device waits for each
			},
			(socket) => this.#connected(socket),
		);
		this.#server.on("connection", (socket: Socket) => this.#track(socket));
		// Port scanners and clients with a wrong certificate. Without a listener they would end the process.
		this.#server.on("tlsClientError", (error, socket) => {
			this.emit("log", `TLS with ${socket.remoteAddress ?? "a client"} failed: ${error.message}`);
			// After this error alone Node leaves the connection open.
			if ((error as NodeJS.ErrnoException).code === "ERR_TLS_HANDSHAKE_TIMEOUT") socket.destroy();
		});
	}

	static async listen(options: SecurePortOptions): Promise<SecurePort> {
		const port = new SecurePort(options);
		await port.#listen(options.port);
		return port;
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	/** Takes other clients from now on. @param ca see `SecurePortOptions` */
	trust(ca: readonly string[]): void {
		this.#server.setSecureContext(contextOf(this.#pair, ca));
	}

	/** Cuts every connection, and listens again on the same port. */
	async restart(): Promise<void> {
		const { port } = this;
		await this.close();
		await this.#listen(port);
	}

	async close(): Promise<void> {
		const closed = once(this.#server, "close");
		this.#server.close();
		for (const socket of this.#sockets) socket.destroy();
		await closed;
	}

	async #listen(port: number): Promise<void> {
		this.#server.listen(port, this.#host);
		await once(this.#server, "listening");
	}

	#track(socket: Socket): void {
		this.#sockets.add(socket);
		socket.on("close", () => this.#sockets.delete(socket));
	}

	#connected(socket: TLSSocket): void {
		this.#track(socket);
		socket.on("error", (error) => this.emit("log", `connection lost: ${error.message}`));
		this.emit("connection", socket);
	}
}

function contextOf({ privateKey, certificate }: Pair, ca: string | readonly string[]): SecureContextOptions {
	// A certificate of another CA is trusted without that CA: on AWS too it is registered by itself.
	const trusted = { ca: typeof ca === "string" ? ca : [...ca], allowPartialTrustChain: true };
	return { key: privateKey, cert: certificate, minVersion: "TLSv1.2", ...trusted };
}
