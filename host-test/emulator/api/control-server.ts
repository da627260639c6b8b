import Fastify, { type FastifyInstance } from "fastify";
import type { Clock } from "../../clock.js";
import { CONTROL, type Faults } from "../faults/faults.js";
import type { Documents } from "../jobs/job-document.js";
import { EVENT_TYPES } from "../jobs/job-events.js";
import type { JobsService } from "../jobs/service.js";
import { NAME } from "../registry/arn.js";
import type { Certificates } from "../registry/certificates.js";
import type { Streams } from "../registry/streams.js";
import type { Tags } from "../registry/tags.js";
import type { Templates } from "../registry/templates.js";
import type { Registry } from "../registry/things.js";
import { dataApi, pass } from "./data-routes.js";
import { answerErrors, controlFault, invalidRequest } from "./errors.js";
import { executionRoutes } from "./execution-routes.js";
import { jobRoutes } from "./job-routes.js";
import { listRoutes } from "./list-routes.js";
import { type AccessKey, demandSignature } from "./signature.js";
import { SIGNED_FOR } from "./signed-for.js";
import { streamRoutes } from "./stream-routes.js";
import { groupRoutes, thingRoutes } from "./thing-routes.js";

export interface ControlFaceOptions {
	readonly host: string;
	readonly port: number;
	readonly service: JobsService;
	readonly registry: Registry;
	readonly certificates: Certificates;
	readonly documents: Documents;
	readonly templates: Templates;
	readonly streams: Streams;
	readonly tags: Tags;
	readonly faults: Faults;
	readonly clock: Clock;
	/** What DescribeEndpoint says, by type. */
	readonly endpoints: Readonly<Record<string, string>>;
	/** Whose signature is demanded; without one any credentials are accepted. */
	readonly accessKey?: AccessKey | undefined;
}

/**
 * The operator's side over HTTP: all that `aws iot` asks of the Jobs control API, and the things, groups, certificates, templates,
 * tags and streams that it needs. It only translates.
 *
 * The data plane is served here as well, for who signs requests: two of its paths mean another operation in the control
 * plane, and the service's name in the signature tells which is asked for.
 */
export class ControlFace {
	readonly #server: FastifyInstance;

	private constructor(server: FastifyInstance) {
		this.#server = server;
	}

	static async start(options: ControlFaceOptions): Promise<ControlFace> {
		const { host, port, service, faults, clock, accessKey } = options;
		const server = Fastify({ forceCloseConnections: true, routerOptions: { constraints: { signedFor: SIGNED_FOR } } });
		answerErrors(server);
		acceptEmptyBodies(server);
		if (accessKey !== undefined) demandSignature(server, accessKey, clock);
		checkParameters(server);
		server.addHook("preHandler", async (request, reply) => {
			if (SIGNED_FOR.deriveConstraint(request.raw) !== "") return; // the data plane has its own
			const topic = `${CONTROL}${request.method} ${request.url.split("?", 1)}`;
			if (!(await pass(faults, clock, "", topic, reply, controlFault))) return reply;
		});
		routes(server, options);
		// Whoever reaches the operator's port, and signs as is demanded, may do anything.
		const route = { constraints: { signedFor: "iot-jobs-data" } };
		dataApi(server, { service, faults, clock, authorize: () => undefined, route });
		await server.listen({ host, port });
		return new ControlFace(server);
	}

	get port(): number {
		return (this.#server.server.address() as { port: number }).port;
	}

	async close(): Promise<void> {
		await this.#server.close();
	}
}

function routes(server: FastifyInstance, options: ControlFaceOptions): void {
	const { service, registry, certificates, documents, templates, streams, tags, clock, endpoints } = options;
	jobRoutes(server, { service, registry, documents, tags, clock });
	listRoutes(server, service, registry);
	executionRoutes(server, service, () => clock.now());
	thingRoutes(server, registry, tags);
	groupRoutes(server, registry, tags);
	certificates.routes(server);
	templates.routes(server, service, documents, tags, clock);
	streamRoutes(server, streams, tags, clock);
	tags.routes(server);
	server.get<{ Querystring: { endpointType?: string } }>("/endpoint", ({ query: { endpointType = "iot:Data" } }) => {
		const endpointAddress = endpoints[endpointType];
		if (endpointAddress !== undefined) return { endpointAddress };
		throw invalidRequest(`endpointType: one of ${Object.keys(endpoints).join(", ")}`);
	});
	server.get("/event-configurations", () => ({
		eventConfigurations: Object.fromEntries(
			EVENT_TYPES.map((type) => [type, { Enabled: service.eventConfigurations[type] }]),
		),
	}));
	server.patch<{ Body: { eventConfigurations?: Record<string, { Enabled?: unknown }> } | null }>(
		"/event-configurations",
		({ body }) => {
			const wanted = Object.entries(body?.eventConfigurations ?? {});
			const known = wanted.filter(([type]) => (EVENT_TYPES as readonly string[]).includes(type));
			service.configureEvents(Object.fromEntries(known.map(([type, { Enabled }]) => [type, Enabled === true])));
			return {};
		},
	);
}

/** What becomes a key of ours, or a part of a topic, is what AWS says that it may be. */
function checkParameters(server: FastifyInstance): void {
	server.addHook("preValidation", async ({ params, raw }) => {
		const { jobId, thingName } = (params ?? {}) as { jobId?: string; thingName?: string };
		const isData = SIGNED_FOR.deriveConstraint(raw) !== "";
		if (jobId !== undefined && !/^[a-zA-Z0-9_-]{1,64}$/.test(jobId) && !isData) {
			throw invalidRequest("jobId: 1 to 64 of a-z A-Z 0-9 _ -");
		}
		if (thingName !== undefined && !NAME.test(thingName))
			throw invalidRequest("thingName: 1 to 128 of a-z A-Z 0-9 : _ -");
	});
}

/** AWS's clients send an empty body with the type of JSON where there is nothing to say. */
function acceptEmptyBodies(server: FastifyInstance): void {
	server.removeContentTypeParser("application/json");
	server.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
		request.bodyText = body as string;
		if (body === "") return done(null, null);
		try {
			done(null, JSON.parse(body as string));
		} catch (error) {
			done(invalidRequest(`the body is not JSON: ${(error as Error).message}`));
		}
	});
}

declare module "fastify" {
	interface FastifyRequest {
		/** As it came: what was signed. */
		bodyText?: string;
	}
}
