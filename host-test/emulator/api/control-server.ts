import Fastify, { type FastifyInstance } from "fastify";
import type { Clock } from "../../clock.js";
import { FASTIFY_LIMITS } from "../base/http-limits.js";
import { CONTROL, type Faults } from "../faults/faults.js";
import type { JobsService } from "../jobs/service.js";
import type { Certificates } from "../registry/certificates.js";
import type { Objects } from "../registry/objects.js";
import type { Policies } from "../registry/policies.js";
import type { PolicyTargets } from "../registry/policy-targets.js";
import type { Streams } from "../registry/streams.js";
import type { Tags } from "../registry/tags.js";
import type { Templates } from "../registry/templates.js";
import type { Registry } from "../registry/things.js";
import { accountRoutes, type Endpoints } from "./account-routes.js";
import { certificateRoutes, principalRoutes } from "./certificate-routes.js";
import { dataApi } from "./data-routes.js";
import { acceptEmptyBodies } from "./empty-bodies.js";
import { answerErrors, controlFault, FASTIFY_PATHS } from "./errors.js";
import { executionRoutes } from "./execution-routes.js";
import { pass } from "./faulty-request.js";
import { refuseForeignOrigins } from "./foreign-origins.js";
import { groupRoutes } from "./group-routes.js";
import { jobRoutes } from "./job-routes.js";
import { listRoutes } from "./list-routes.js";
import { OUTSIDE, OUTSIDE_DATA } from "./outside.js";
import { outsideRoutes } from "./outside-routes.js";
import { policyRoutes } from "./policy-routes.js";
import { policyTargetRoutes, principalPolicyRoutes } from "./policy-target-routes.js";
import { refuseMembers } from "./refuse-members.js";
import { type AccessKey, demandSignature } from "./signature.js";
import { SIGNED_FOR } from "./signed-for.js";
import { streamRoutes } from "./stream-routes.js";
import { tagRoutes } from "./tag-routes.js";
import { managedTemplateRoutes, templateRoutes } from "./template-routes.js";
import { testRoutes } from "./test-routes.js";
import { thingRoutes } from "./thing-routes.js";

export interface ControlServerOptions {
	readonly host: string;
	/** More host names of this machine. */
	readonly names: readonly string[];
	readonly port: number;
	/** Whose signature is demanded; without one any credentials are accepted. */
	readonly accessKey: AccessKey | undefined;
	readonly endpoints: Endpoints;
	readonly service: JobsService;
	readonly registry: Registry;
	readonly certificates: Certificates;
	readonly policies: Policies;
	readonly policyTargets: PolicyTargets;
	readonly templates: Templates;
	readonly streams: Streams;
	readonly objects: Objects;
	readonly tags: Tags;
	readonly faults: Faults;
	readonly clock: Clock;
	/** Back to what was there at the start. */
	readonly reset: () => Promise<void>;
}

/**
 * The operator's side over HTTP: all that `aws iot` asks of the Jobs control plane, and the things, groups, certificates,
 * policies, templates, tags and streams that jobs need. It only translates.
 *
 * The data plane is served here as well, for clients that sign their requests. Two of its paths mean another operation in the
 * control plane: the service's name in the signature tells which of them is asked for.
 */
export class ControlServer {
	readonly #server: FastifyInstance;

	private constructor(server: FastifyInstance) {
		this.#server = server;
	}

	static async start(options: ControlServerOptions): Promise<ControlServer> {
		const { host, names, port, service, faults, clock, accessKey } = options;
		const server = Fastify({
			...FASTIFY_LIMITS,
			...FASTIFY_PATHS,
			forceCloseConnections: true,
			routerOptions: { ...FASTIFY_PATHS.routerOptions, constraints: { signedFor: SIGNED_FOR } },
		});
		answerErrors(server);
		acceptEmptyBodies(server);
		if (accessKey !== undefined) demandSignature(server, accessKey, clock);
		else refuseForeignOrigins(server, [host, ...names]);
		server.addHook("preHandler", async (request, reply) => {
			if (SIGNED_FOR.deriveConstraint(request.raw) !== "") return; // the data plane asks for faults itself
			const topic = `${CONTROL}${request.method} ${request.url.split("?", 1)}`;
			if (!(await pass(faults, { clock, thingName: "", topic, reply, toError: controlFault }))) return reply;
			refuseMembers(request);
		});
		addRoutes(server, options);
		// Whoever reaches this port, and signs if a signature is demanded, may do anything.
		const route = { constraints: { signedFor: "iot-jobs-data" } };
		dataApi(server, { service, faults, clock, authorize: () => undefined, route });
		await server.listen({ host, port });
		return new ControlServer(server);
	}

	get port(): number {
		return (this.#server.server.address() as { port: number }).port;
	}

	async close(): Promise<void> {
		await this.#server.close();
	}
}

function addRoutes(server: FastifyInstance, options: ControlServerOptions): void {
	const { service, registry, certificates, policies, policyTargets, streams, tags, clock, endpoints } = options;
	jobRoutes(server, options);
	listRoutes(server, service, registry);
	executionRoutes(server, service, () => clock.now());
	thingRoutes(server, options);
	groupRoutes(server, registry, tags);
	certificateRoutes(server, certificates);
	principalRoutes(server, certificates);
	policyRoutes(server, options);
	policyTargetRoutes(server, policies, policyTargets);
	principalPolicyRoutes(server, policyTargets);
	templateRoutes(server, options);
	managedTemplateRoutes(server);
	streamRoutes(server, streams, tags, clock);
	tagRoutes(server, options);
	accountRoutes(server, service, endpoints);
	testRoutes(server, options);
	outsideRoutes(server, { ...OUTSIDE, ...OUTSIDE_DATA });
}
