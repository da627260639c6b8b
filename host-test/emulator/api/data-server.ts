import { createServer } from "node:http";
import type { TLSSocket } from "node:tls";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import type { Clock } from "../../clock.js";
import { HTTP_IDLE_MS, HTTP_LIMITS } from "../base/http-limits.js";
import { ALPN_HTTP, ALPN_MQTT, SecurePort } from "../broker/secure-port.js";
import type { Faults } from "../faults/faults.js";
import { describeRefusal, mayCall, type Principal } from "../identity/permissions.js";
import { certificateId, type Pair } from "../identity/pki.js";
import type { Action } from "../identity/policy.js";
import type { JobsService } from "../jobs/service.js";
import { dataApi } from "./data-routes.js";
import { acceptEmptyBodies } from "./empty-bodies.js";
import { ApiError, answerErrors, FASTIFY_PATHS } from "./errors.js";
import type { ImageServer } from "./image-server.js";
import { OUTSIDE_DATA } from "./outside.js";
import { outsideRoutes } from "./outside-routes.js";

export interface DataServerOptions {
	readonly host: string;
	readonly port: number;
	readonly server: Pair;
	/** See `SecurePortOptions`. */
	readonly ca: readonly string[];
	readonly images: ImageServer;
	readonly service: JobsService;
	readonly faults: Faults;
	readonly clock: Clock;
	readonly principalOf: (certificateId: string) => Principal | undefined;
	/** Takes a connection whose ALPN name says that it speaks MQTT. */
	readonly onMqtt: (socket: TLSSocket) => void;
	/** A line for the log: who was refused what, and why. */
	readonly log: (line: string) => void;
}

/**
 * HTTPS for devices: the data plane, for clients with a certificate, and the images of OTA jobs, which on AWS lie in S3 and
 * are open to whoever knows the URL. As on AWS's port 443, a connection with the ALPN name `x-amzn-mqtt-ca` speaks MQTT.
 */
export class DataServer {
	readonly #server: FastifyInstance;
	readonly #secure: SecurePort;

	private constructor(server: FastifyInstance, secure: SecurePort) {
		this.#server = server;
		this.#secure = secure;
	}

	static async start(options: DataServerOptions): Promise<DataServer> {
		const { host, port, server, ca, images, onMqtt, log } = options;
		// This server does not listen: the secure port hands it the connections that speak HTTP.
		const http = createServer(HTTP_LIMITS);
		http.setTimeout(HTTP_IDLE_MS);
		http.emit("listening"); // Node watches over the time of requests from here on (lib/_http_server.js)
		const fastify = Fastify({
			...FASTIFY_PATHS,
			serverFactory: (handler) => http.on("request", handler),
		}) as unknown as FastifyInstance;
		answerErrors(fastify);
		acceptEmptyBodies(fastify);
		images.serve(fastify);
		dataApi(fastify, { ...options, authorize: byCertificate(options) });
		outsideRoutes(fastify, OUTSIDE_DATA);
		await fastify.ready();
		const protocols = [ALPN_MQTT, ALPN_HTTP, "http/1.1"];
		const secure = await SecurePort.listen({ host, port, server, ca, demandCertificate: false, protocols });
		secure.on("log", log);
		secure.on("connection", (socket) => {
			if (socket.alpnProtocol === ALPN_MQTT) onMqtt(socket);
			else http.emit("connection", socket);
		});
		images.origin = `https://${host}:${secure.port}`;
		return new DataServer(fastify, secure);
	}

	get port(): number {
		return this.#secure.port;
	}

	trust(ca: readonly string[]): void {
		this.#secure.trust(ca);
	}

	async close(): Promise<void> {
		await this.#secure.close();
		await this.#server.close();
	}
}

/** A client may do what the policy of its certificate allows; by default a thing reaches itself. */
function byCertificate({ principalOf, log }: DataServerOptions) {
	return ({ socket }: FastifyRequest, action: Action, thingName: string): void => {
		const { authorized, getPeerCertificate } = socket as TLSSocket;
		const id = authorized ? certificateId(getPeerCertificate.call(socket as TLSSocket).raw) : undefined;
		const principal = id === undefined ? undefined : principalOf(id);
		if (principal === undefined) {
			log(
				`refused: ${action} on ${thingName}: ${id === undefined ? "no certificate of this CA" : `the certificate ${id} is not active, or has no policy`}`,
			);
			throw new ApiError(403, "ForbiddenException", "A client certificate that is active and has a policy is needed");
		}
		const refusal = mayCall(principal, action, thingName);
		if (refusal === undefined) return;
		log(describeRefusal(refusal, principal.thingName ?? ""));
		throw new ApiError(403, "ForbiddenException", `${refusal.action} on ${refusal.resource} is not allowed`);
	};
}
