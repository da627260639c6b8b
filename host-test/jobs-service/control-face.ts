import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import type { Execution } from "./model.js";
import { type Job, type JobsService, MAX_DOCUMENT_LENGTH } from "./service.js";

export interface ControlFaceOptions {
	readonly host: string;
	readonly port: number;
	readonly service: JobsService;
}

const REGION = "us-east-1";
const ACCOUNT = "123456789012";

interface CreateJobBody {
	targets?: unknown;
	document?: unknown;
	description?: unknown;
	targetSelection?: unknown;
	timeoutConfig?: { inProgressTimeoutInMinutes?: unknown };
}

/** An error in the form of AWS's REST-JSON protocol: the type in a header, the message in the body. */
class ControlError extends Error {
	readonly statusCode: number;
	readonly type: string;

	constructor(statusCode: number, type: string, message: string) {
		super(message);
		this.statusCode = statusCode;
		this.type = type;
	}
}

const invalidRequest = (message: string) => new ControlError(400, "InvalidRequestException", message);
const notFound = (message: string) => new ControlError(404, "ResourceNotFoundException", message);

/**
 * The operator's side over HTTP, as far as `aws iot create-job`, `describe-job`, `get-job-document` and
 * `describe-job-execution` go. It only translates.
 */
export class ControlFace {
	readonly #server: FastifyInstance;
	readonly #service: JobsService;

	private constructor(server: FastifyInstance, service: JobsService) {
		this.#server = server;
		this.#service = service;
	}

	static async start({ host, port, service }: ControlFaceOptions): Promise<ControlFace> {
		const fastify = Fastify({ forceCloseConnections: true });
		const face = new ControlFace(fastify, service);
		face.#routes();
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
		server.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => answerError(error, reply));
		server.setNotFoundHandler((request, reply) =>
			answerError(
				new ControlError(404, "UnknownOperationException", `${request.method} ${request.url} is not served here`),
				reply,
			),
		);
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
	}

	#createJob(jobId: string, { targets, document, description, targetSelection, timeoutConfig }: CreateJobBody) {
		if (!/^[a-zA-Z0-9_-]{1,64}$/.test(jobId)) throw invalidRequest("jobId: 1 to 64 of a-z A-Z 0-9 _ -");
		if (this.#service.job(jobId) !== undefined) {
			throw new ControlError(409, "ResourceAlreadyExistsException", `Job ${jobId} already exists.`);
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
		const { jobId, targets, description, createdAt, inProgressTimeoutInMinutes } = job;
		return {
			job: {
				jobArn: jobArn(jobId),
				jobId,
				targetSelection: "SNAPSHOT",
				status: this.#service.jobStatus(job),
				targets: targets.map(thingArn),
				...(description !== undefined && { description }),
				createdAt: createdAt / 1_000,
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

function readTimeout(minutes: unknown): number | undefined {
	if (minutes === undefined) return undefined;
	if (typeof minutes === "number" && Number.isInteger(minutes) && minutes >= 1 && minutes <= 10_080) return minutes;
	throw invalidRequest("timeoutConfig.inProgressTimeoutInMinutes: 1 to 10080");
}

function answerError(error: Error & { statusCode?: number; type?: string }, reply: FastifyReply) {
	const statusCode = error.statusCode ?? 500;
	const type = error.type ?? (statusCode < 500 ? "InvalidRequestException" : "InternalFailureException");
	return reply.code(statusCode).header("x-amzn-errortype", type).send({ message: error.message });
}

function jobArn(jobId: string): string {
	return `arn:aws:iot:${REGION}:${ACCOUNT}:job/${jobId}`;
}

function thingArn(thingName: string): string {
	return `arn:aws:iot:${REGION}:${ACCOUNT}:thing/${thingName}`;
}
