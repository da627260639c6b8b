import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { FaultCode } from "../faults/faults.js";
import type { Rejection } from "../jobs/thing-jobs.js";

/** An error in the form of AWS's REST-JSON protocol: the type in a header, the message in the body. */
export class ApiError extends Error {
	readonly statusCode: number;
	readonly type: string;

	constructor(statusCode: number, type: string, message: string) {
		super(message);
		this.statusCode = statusCode;
		this.type = type;
	}
}

export const invalidRequest = (message: string) => new ApiError(400, "InvalidRequestException", message);
export const notFound = (message: string) => new ApiError(404, "ResourceNotFoundException", message);

const TYPES: Readonly<Record<Rejection["code"], readonly [statusCode: number, type: string]>> = {
	InvalidTopic: [400, "InvalidRequestException"],
	InvalidJson: [400, "InvalidRequestException"],
	InvalidRequest: [400, "InvalidRequestException"],
	ResourceNotFound: [404, "ResourceNotFoundException"],
	InvalidStateTransition: [409, "InvalidStateTransitionException"],
	// The data plane has no type of its own for it, so the message names it.
	VersionMismatch: [409, "InvalidStateTransitionException"],
	TerminalStateReached: [410, "TerminalStateException"],
	RequestThrottled: [429, "ThrottlingException"],
	InternalError: [503, "ServiceUnavailableException"],
};

/** A rejection of the model, as the data plane says it (service model `iot-jobs-data`). */
export function dataPlaneError({ code, message }: Pick<Rejection, "code" | "message">): ApiError {
	const [statusCode, type] = TYPES[code];
	return new ApiError(statusCode, type, code === "VersionMismatch" ? `${code}: ${message}` : message);
}

/** A rejection of the models, as the control plane says it (service model `iot`). */
export function throwIfRejected(rejected: { code: string; message: string } | undefined): void {
	if (rejected === undefined) return;
	const { code, message } = rejected;
	if (code === "ResourceNotFound") throw notFound(message);
	if (code === "InvalidStateTransition") throw new ApiError(409, "InvalidStateTransitionException", message);
	if (code === "VersionMismatch") throw new ApiError(409, "VersionConflictException", message);
	if (code === "LimitExceeded") throw new ApiError(410, "LimitExceededException", message);
	throw invalidRequest(message);
}

/** A fault, as the control plane says it: it has fewer errors than the data plane. */
export function controlFault(code: FaultCode): ApiError {
	const message = "a fault was asked for";
	if (code === "RequestThrottled") return new ApiError(400, "ThrottlingException", message);
	if (code === "LimitExceeded") return new ApiError(410, "LimitExceededException", message);
	if (code === "ResourceNotFound") return notFound(message);
	return code === "InternalError" ? new ApiError(503, "ServiceUnavailableException", message) : invalidRequest(message);
}

/** Errors and unknown routes, as every face answers them. */
export function answerErrors(server: FastifyInstance): void {
	server.setErrorHandler((error: Error & { statusCode?: number; type?: string }, _request, reply) =>
		answer(error, reply),
	);
	server.setNotFoundHandler((request: FastifyRequest, reply) =>
		answer(
			new ApiError(404, "UnknownOperationException", `${request.method} ${request.url} is not served here`),
			reply,
		),
	);
}

function answer(error: Error & { statusCode?: number; type?: string }, reply: FastifyReply) {
	const statusCode = error.statusCode ?? 500;
	const type = error.type ?? (statusCode < 500 ? "InvalidRequestException" : "InternalFailureException");
	return reply.code(statusCode).header("x-amzn-errortype", type).send({ message: error.message });
}
