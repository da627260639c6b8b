import Fastify, { type FastifyInstance } from "fastify";
import type { Faults } from "../broker/faults.js";
import type { Clock } from "../ecma419/clock.js";
import { jobArn, thingArn } from "./arn.js";
import { dataApi } from "./data-api.js";
import type { Execution } from "./execution.js";
import { EVENT_TYPES, jobProcessDetails } from "./fleet-events.js";
import { ApiError, answerErrors, invalidRequest, notFound } from "./http.js";
import type { Job, JobUpdate } from "./job-model.js";
import { listRoutes } from "./list-routes.js";
import type { Command, Rejection } from "./model.js";
import { type JobsService, MAX_DOCUMENT_LENGTH } from "./service.js";
import { SIGNED_FOR } from "./signed-for.js";

export interface ControlFaceOptions {
	readonly host: string;
	readonly port: number;
	readonly service: JobsService;
	readonly faults: Faults;
	readonly clock: Clock;
	/** What DescribeEndpoint says, by type. */
	readonly endpoints: Readonly<Record<string, string>>;
}

interface CreateJobBody {
	targets?: unknown;
	document?: unknown;
	description?: unknown;
	targetSelection?: unknown;
	timeoutConfig?: { inProgressTimeoutInMinutes?: unknown };
	presignedUrlConfig?: { expiresInSec?: unknown };
}

/**
 * The operator's side over HTTP: `aws iot create-job`, `describe-job`, `get-job-document`, `cancel-job`, `delete-job`,
 * `update-job`, the three lists, `describe-job-execution`, `cancel-job-execution`, `delete-job-execution`, `describe-endpoint`,
 * and the event configurations. It only translates.
 *
 * The data plane is served here as well, for who signs requests: two of its paths mean another operation in the control
 * plane, and the service's name in the signature tells which is asked for.
 */
export class ControlFace {
	readonly #server: FastifyInstance;
	readonly #service: JobsService;
	readonly #endpoints: Readonly<Record<string, string>>;

	private constructor(server: FastifyInstance, service: JobsService, endpoints: Readonly<Record<string, string>>) {
		this.#server = server;
		this.#endpoints = endpoints;
		this.#service = service;
	}

	static async start({ host, port, service, faults, clock, endpoints }: ControlFaceOptions): Promise<ControlFace> {
		const fastify = Fastify({
			forceCloseConnections: true,
			routerOptions: { constraints: { signedFor: SIGNED_FOR } },
		});
		const face = new ControlFace(fastify, service, endpoints);
		answerErrors(fastify);
		acceptEmptyBodies(fastify);
		face.#routes();
		// Any credentials are accepted: whoever reaches the operator's port may do anything.
		const route = { constraints: { signedFor: "iot-jobs-data" } };
		dataApi(fastify, { service, faults, clock, authorize: () => undefined, route });
		await fastify.listen({ host, port });
		return face;
	}

	get port(): number {
		return (this.#server.server.address() as { port: number }).port;
	}

	async close(): Promise<void> {
		await this.#server.close();
	}

	#routes(): void {
		const server = this.#server;
		server.put<{ Params: { jobId: string }; Body: CreateJobBody | null }>("/jobs/:jobId", ({ params, body }) =>
			this.#createJob(params.jobId, body ?? {}),
		);
		server.get<{ Params: { jobId: string } }>("/jobs/:jobId", ({ params }) =>
			this.#describeJob(this.#job(params.jobId)),
		);
		server.get<{ Params: { jobId: string } }>("/jobs/:jobId/job-document", ({ params }) => ({
			document: JSON.stringify(this.#job(params.jobId).document),
		}));
		server.get<{ Params: { thingName: string; jobId: string }; Querystring: { executionNumber?: string } }>(
			"/things/:thingName/jobs/:jobId",
			({ params: { thingName, jobId }, query }) => {
				const number = query.executionNumber === undefined ? undefined : Number(query.executionNumber);
				const execution = this.#service.execution(thingName, jobId, number);
				if (execution === undefined) throw notFound(`Job execution ${jobId} of thing ${thingName} does not exist`);
				return { execution: describeExecution(thingName, execution) };
			},
		);
		this.#endRoutes();
		listRoutes(server, this.#service);
		server.patch<{ Params: { jobId: string }; Body: CreateJobBody | null }>(
			"/jobs/:jobId",
			({ params: { jobId }, body }) => {
				this.#job(jobId);
				throwIfRejected(this.#service.updateJob(jobId, readUpdate(body ?? {})));
				return {};
			},
		);
		server.get<{ Querystring: { endpointType?: string } }>("/endpoint", ({ query: { endpointType = "iot:Data" } }) => ({
			endpointAddress: this.#endpoint(endpointType),
		}));
		server.get("/event-configurations", () => ({
			eventConfigurations: Object.fromEntries(
				EVENT_TYPES.map((type) => [type, { Enabled: this.#service.eventConfigurations[type] }]),
			),
		}));
		server.patch<{ Body: { eventConfigurations?: Record<string, { Enabled?: unknown }> } | null }>(
			"/event-configurations",
			({ body }) => {
				const wanted = Object.entries(body?.eventConfigurations ?? {});
				const known = wanted.filter(([type]) => (EVENT_TYPES as readonly string[]).includes(type));
				this.#service.configureEvents(Object.fromEntries(known.map(([type, { Enabled }]) => [type, Enabled === true])));
				return {};
			},
		);
	}

	/** With the port, which on AWS goes without saying. */
	#endpoint(endpointType: string): string {
		const endpoint = this.#endpoints[endpointType];
		if (endpoint !== undefined) return endpoint;
		throw invalidRequest(`endpointType: one of ${Object.keys(this.#endpoints).join(", ")}`);
	}

	/** What takes jobs and executions away. */
	#endRoutes(): void {
		const server = this.#server;
		type Force = { Querystring: { force?: string } };
		server.put<{ Params: { jobId: string }; Body: { comment?: string; reasonCode?: string } | null } & Force>(
			"/jobs/:jobId/cancel",
			({ params: { jobId }, query, body }) => {
				const { description } = this.#job(jobId);
				const { comment, reasonCode } = body ?? {};
				throwIfRejected(this.#service.cancelJob(jobId, { force: query.force === "true", comment, reasonCode }));
				return { jobArn: jobArn(jobId), jobId, ...(description !== undefined && { description }) };
			},
		);
		server.delete<{ Params: { jobId: string } } & Force>("/jobs/:jobId", ({ params: { jobId }, query }) => {
			this.#job(jobId);
			throwIfRejected(this.#service.deleteJob(jobId, query.force === "true"));
			return {};
		});
		server.put<{
			Params: { thingName: string; jobId: string };
			Querystring: { force?: string };
			Body: { expectedVersion?: number; statusDetails?: Record<string, string> } | null;
		}>("/things/:thingName/jobs/:jobId/cancel", ({ params: { thingName, jobId }, query, body }) => {
			const { expectedVersion, statusDetails } = body ?? {};
			const force = query.force === "true";
			this.#carryOut(thingName, { type: "cancel", jobId, force, expectedVersion, statusDetails });
			return {};
		});
		server.delete<{ Params: { thingName: string; jobId: string; executionNumber: string } } & Force>(
			"/things/:thingName/jobs/:jobId/executionNumber/:executionNumber",
			({ params: { thingName, jobId, executionNumber }, query }) => {
				const force = query.force === "true";
				this.#carryOut(thingName, { type: "delete", jobId, executionNumber: Number(executionNumber), force });
				return {};
			},
		);
	}

	#carryOut(thingName: string, command: Command): void {
		let rejected: Rejection | undefined;
		this.#service.execute(thingName, command, (result) => {
			rejected = result.rejected;
		});
		throwIfRejected(rejected);
	}

	#createJob(jobId: string, body: CreateJobBody) {
		const { targets, document, description, targetSelection, timeoutConfig, presignedUrlConfig } = body;
		if (!/^[a-zA-Z0-9_-]{1,64}$/.test(jobId)) throw invalidRequest("jobId: 1 to 64 of a-z A-Z 0-9 _ -");
		if (this.#service.job(jobId) !== undefined) {
			throw new ApiError(409, "ResourceAlreadyExistsException", `Job ${jobId} already exists.`);
		}
		if (targetSelection !== undefined && targetSelection !== "SNAPSHOT") {
			throw invalidRequest("targetSelection: this emulator serves SNAPSHOT jobs only");
		}
		const inProgressTimeoutInMinutes = readTimeout(timeoutConfig?.inProgressTimeoutInMinutes);
		this.#service.createJob({
			jobId,
			targets: this.#readTargets(targets),
			document: readDocument(document),
			description: typeof description === "string" ? description : undefined,
			inProgressTimeoutInMinutes,
			expiresInSec: readExpiry(presignedUrlConfig?.expiresInSec),
		});
		return { jobArn: jobArn(jobId), jobId, ...(typeof description === "string" && { description }) };
	}

	#readTargets(targets: unknown): string[] {
		if (!Array.isArray(targets) || targets.length === 0) throw invalidRequest("targets: at least one thing's ARN");
		return targets.map((target) => {
			const thingName = /^arn:[^:]+:iot:[^:]*:[^:]*:thing\/([a-zA-Z0-9:_-]{1,128})$/.exec(String(target))?.[1];
			if (thingName === undefined) throw invalidRequest(`targets: ${String(target)} is not the ARN of a thing`);
			if (!this.#service.hasThing(thingName)) throw notFound(`Thing ${thingName} does not exist`);
			return thingName;
		});
	}

	#job(jobId: string): Job {
		const job = this.#service.job(jobId);
		if (job === undefined) throw notFound(`Job ${jobId} does not exist`);
		return job;
	}

	#describeJob(job: Job) {
		const { jobId, targets, description, createdAt, lastUpdatedAt, completedAt, inProgressTimeoutInMinutes } = job;
		const { status, forceCanceled, comment, reasonCode } = job;
		return {
			job: {
				jobArn: jobArn(jobId),
				jobId,
				targetSelection: "SNAPSHOT",
				status,
				...(status === "CANCELED" && { forceCanceled }),
				...(comment !== undefined && { comment }),
				...(reasonCode !== undefined && { reasonCode }),
				targets: targets.map(thingArn),
				...(description !== undefined && { description }),
				createdAt: createdAt / 1_000,
				lastUpdatedAt: lastUpdatedAt / 1_000,
				...(completedAt !== undefined && { completedAt: completedAt / 1_000 }),
				jobProcessDetails: jobProcessDetails(job),
				...(inProgressTimeoutInMinutes !== undefined && { timeoutConfig: { inProgressTimeoutInMinutes } }),
			},
		};
	}
}

/** In the control plane times are fractional seconds, and details are nested. */
function describeExecution(thingName: string, execution: Execution) {
	const { jobId, status, statusDetails, queuedAt, startedAt, lastUpdatedAt, executionNumber, versionNumber } =
		execution;
	return {
		jobId,
		status,
		...(statusDetails && { statusDetails: { detailsMap: statusDetails } }),
		thingArn: thingArn(thingName),
		queuedAt: queuedAt / 1_000,
		...(startedAt !== undefined && { startedAt: startedAt / 1_000 }),
		lastUpdatedAt: lastUpdatedAt / 1_000,
		executionNumber,
		versionNumber,
	};
}

function readDocument(document: unknown): Record<string, unknown> {
	if (typeof document !== "string") throw invalidRequest("document: the job document as JSON text");
	if (document.length > MAX_DOCUMENT_LENGTH)
		throw invalidRequest(`document: at most ${MAX_DOCUMENT_LENGTH} characters`);
	try {
		const value: unknown = JSON.parse(document);
		if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
	} catch {
		// falls through
	}
	throw invalidRequest("document: not a JSON object");
}

function readUpdate({ description, timeoutConfig, presignedUrlConfig, ...others }: CreateJobBody): JobUpdate {
	const unknown = Object.keys(others);
	if (unknown.length > 0) throw invalidRequest(`${unknown.join(", ")}: cannot be updated in this emulator`);
	const inProgressTimeoutInMinutes = readTimeout(timeoutConfig?.inProgressTimeoutInMinutes);
	const expiresInSec = readExpiry(presignedUrlConfig?.expiresInSec);
	return {
		...(typeof description === "string" && { description }),
		...(inProgressTimeoutInMinutes !== undefined && { inProgressTimeoutInMinutes }),
		...(expiresInSec !== undefined && { expiresInSec }),
	};
}

function readExpiry(seconds: unknown): number | undefined {
	if (seconds === undefined) return undefined;
	if (typeof seconds === "number" && Number.isInteger(seconds) && seconds >= 60 && seconds <= 3_600) return seconds;
	throw invalidRequest("presignedUrlConfig.expiresInSec: 60 to 3600");
}

function readTimeout(minutes: unknown): number | undefined {
	if (minutes === undefined) return undefined;
	if (typeof minutes === "number" && Number.isInteger(minutes) && minutes >= 1 && minutes <= 10_080) return minutes;
	throw invalidRequest("timeoutConfig.inProgressTimeoutInMinutes: 1 to 10080");
}

/** A rejection of the models, as the control plane says it (service model `iot`). */
function throwIfRejected(rejected: { code: Rejection["code"]; message: string } | undefined): void {
	if (rejected === undefined) return;
	const { code, message } = rejected;
	if (code === "ResourceNotFound") throw notFound(message);
	if (code === "InvalidStateTransition") throw new ApiError(409, "InvalidStateTransitionException", message);
	if (code === "VersionMismatch") throw new ApiError(409, "VersionConflictException", message);
	throw invalidRequest(message);
}

/** AWS's clients send an empty body with the type of JSON where there is nothing to say. */
function acceptEmptyBodies(server: FastifyInstance): void {
	server.removeContentTypeParser("application/json");
	server.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
		if (body === "") return done(null, null);
		try {
			done(null, JSON.parse(body as string));
		} catch (error) {
			done(invalidRequest(`the body is not JSON: ${(error as Error).message}`));
		}
	});
}
