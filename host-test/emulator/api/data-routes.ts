import type { FastifyInstance, FastifyRequest, RouteOptions } from "fastify";
import type {
	ErrorCode,
	JobExecution,
	StartNextPendingJobExecutionRequest,
	UpdateJobExecutionRequest,
} from "../../../src/protocol/messages.js";
import type { Clock } from "../../clock.js";
import { invalidRequest } from "../base/errors.js";
import { THING_NAME } from "../base/names.js";
import type { FaultCode, Faults } from "../faults/faults.js";
import type { Action } from "../identity/policy.js";
import type { Command, Result } from "../jobs/operations.js";
import type { JobsService } from "../jobs/service.js";
import { checked } from "../schemas/messages.js";
import { BadRequest, checkRequest } from "../schemas/requests.js";
import { dataPlaneError } from "./errors.js";
import { pass } from "./faulty-request.js";

/** The service's part of an action's name. */
type Operation = Action extends infer A ? (A extends `iotjobsdata:${infer O}` ? O : never) : never;

export interface DataApiOptions {
	readonly service: JobsService;
	readonly faults: Faults;
	readonly clock: Clock;
	/** @throws ApiError when the client may not do this to the thing */
	readonly authorize: (request: FastifyRequest, action: Action, thingName: string) => void;
	/** Options of every route, such as a constraint. */
	readonly route?: Partial<RouteOptions>;
}

interface Call {
	Params: { thingName: string; jobId: string };
	Querystring: { executionNumber?: string; includeJobDocument?: string };
	Body: unknown;
}

/**
 * The four operations of the HTTPS data plane. Source: AWS IoT Jobs Data API reference. It only translates: over HTTPS the
 * document is a string, which Describe gives only where it is asked for, and a rejection is an exception.
 */
export function dataApi(server: FastifyInstance, options: DataApiOptions): void {
	const { service, faults, clock, authorize, route = {} } = options;

	const add = (
		method: "GET" | "PUT" | "POST",
		url: string,
		operation: Operation,
		read: (request: FastifyRequest<Call>) => Command,
		show: (accepted: Record<string, unknown>, params: Call["Params"]) => object,
	) =>
		server.route<Call>({
			...(route as object),
			method,
			url,
			async handler(request, reply) {
				const { thingName, jobId } = request.params;
				authorize(request, `iotjobsdata:${operation}`, thingName);
				THING_NAME.check("thingName", thingName);
				const topic = topicOf(operation, thingName, jobId);
				if (!(await pass(faults, { clock, thingName, topic, reply, toError: dataFault }))) return reply;
				const accepted = carryOut(service, thingName, readOrRefuse(read, request));
				// An answer has the same members as over MQTT: it is held against the same schema.
				checked(`${operation}Response`, { ...accepted, timestamp: service.timestamp });
				return show(accepted, request.params);
			},
		});

	/** Open point: thing's name over HTTPS. */
	const withText = ({ execution }: { execution?: JobExecution }, { thingName }: Call["Params"]): object => {
		if (execution === undefined) return {};
		const { jobDocument, jobId, ...rest } = execution;
		const text = jobDocument === undefined ? undefined : service.documentText(jobId);
		return { execution: { jobId, thingName, ...rest, ...(text !== undefined && { jobDocument: text }) } };
	};

	add(
		"GET",
		"/things/:thingName/jobs",
		"GetPendingJobExecutions",
		() => ({ type: "getPending" }),
		(lists) => lists,
	);
	add(
		"PUT",
		"/things/:thingName/jobs/:jobId", // a parameter, since $next may come percent-encoded
		"StartNextPendingJobExecution",
		({ params: { jobId }, body }) => {
			if (jobId !== "$next") throw invalidRequest("PUT starts the next execution: /things/NAME/jobs/$next");
			return {
				type: "startNext",
				...checkRequest<StartNextPendingJobExecutionRequest>("StartNextPendingJobExecutionRequest", body),
			};
		},
		withText,
	);
	add(
		"GET",
		"/things/:thingName/jobs/:jobId",
		"DescribeJobExecution",
		({ params: { jobId }, query }) => ({
			type: "describe",
			jobId,
			executionNumber: readNumber(query.executionNumber),
			includeJobDocument: readBoolean(query.includeJobDocument) ?? false,
		}),
		withText,
	);
	add(
		"POST",
		"/things/:thingName/jobs/:jobId",
		"UpdateJobExecution",
		({ params: { jobId }, body }) => ({
			type: "update",
			jobId,
			request: checkRequest<UpdateJobExecutionRequest>("UpdateJobExecutionRequest", body),
		}),
		({ jobDocument, ...rest }, { jobId }) => ({
			...rest,
			...(jobDocument !== undefined && { jobDocument: service.documentText(jobId) }),
		}),
	);
}

function carryOut(service: JobsService, thingName: string, command: Command): Record<string, unknown> {
	let result: Result | undefined;
	service.execute(thingName, command, (answered) => {
		result = answered;
	});
	if (result?.rejected !== undefined) throw dataPlaneError(result.rejected);
	return result?.accepted ?? {};
}

function readOrRefuse(read: (request: FastifyRequest<Call>) => Command, request: FastifyRequest<Call>): Command {
	try {
		return read(request);
	} catch (error) {
		throw error instanceof BadRequest ? dataPlaneError(error) : error;
	}
}

function dataFault(code: FaultCode): Error {
	return dataPlaneError({ code: code as ErrorCode, message: "a fault was asked for" });
}

/** The topic on which the same request would be published over MQTT. */
function topicOf(operation: Operation, thingName: string, jobId: string): string {
	const base = `$aws/things/${thingName}/jobs`;
	switch (operation) {
		case "GetPendingJobExecutions":
			return `${base}/get`;
		case "StartNextPendingJobExecution":
			return `${base}/start-next`;
		case "DescribeJobExecution":
			return `${base}/${jobId}/get`;
		case "UpdateJobExecution":
			return `${base}/${jobId}/update`;
	}
}

function readNumber(text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	if (/^\d{1,15}$/.test(text)) return Number(text);
	throw invalidRequest("executionNumber: a whole number");
}

function readBoolean(text: string | undefined): boolean | undefined {
	if (text === undefined) return undefined;
	if (text === "true" || text === "false") return text === "true";
	throw invalidRequest("includeJobDocument: true or false");
}
