import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ErrorCode } from "../../../src/protocol/messages.js";
import { type ErrorName, invalidRequest, ServiceError } from "../base/errors.js";
import type { FaultCode } from "../faults/faults.js";

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

/** Source: AWS IoT API reference, the errors of each operation. */
const CONTROL_PLANE: Readonly<Record<ErrorName, number>> = {
	CertificateState: 406,
	CertificateValidation: 400,
	Conflict: 409,
	DeleteConflict: 409,
	InvalidRequest: 400,
	InvalidStateTransition: 409,
	LimitExceeded: 410,
	MalformedPolicy: 400,
	ResourceAlreadyExists: 409,
	ResourceNotFound: 404,
	VersionConflict: 409,
	VersionsLimitExceeded: 409,
};

/** Source: AWS IoT Jobs Data API reference. */
const DATA_PLANE: Readonly<Record<ErrorCode, readonly [statusCode: number, type: string]>> = {
	InvalidTopic: [400, "InvalidRequestException"],
	InvalidJson: [400, "InvalidRequestException"],
	InvalidRequest: [400, "InvalidRequestException"],
	ResourceNotFound: [404, "ResourceNotFoundException"],
	InvalidStateTransition: [409, "InvalidStateTransitionException"],
	// The data plane has no type of its own for it, so the message names it. Open point: mismatch over HTTPS.
	VersionMismatch: [409, "InvalidStateTransitionException"],
	TerminalStateReached: [410, "TerminalStateException"],
	RequestThrottled: [429, "ThrottlingException"],
	InternalError: [503, "ServiceUnavailableException"],
};

interface Rejected {
	readonly code: ErrorCode | ErrorName;
	readonly message: string;
}

/** A rejection of the model, as the data plane says it. */
export function dataPlaneError({ code, message }: Rejected & { readonly code: ErrorCode }): ApiError {
	const [statusCode, type] = DATA_PLANE[code];
	return new ApiError(statusCode, type, code === "VersionMismatch" ? `${code}: ${message}` : message);
}

/** A rejection of the model, as the control plane says it. @throws ServiceError if there is one */
export function throwIfRejected(rejected: Rejected | undefined): void {
	if (rejected === undefined) return;
	const { code, message } = rejected;
	if (code === "VersionMismatch") throw new ServiceError("VersionConflict", message);
	if (code in CONTROL_PLANE) throw new ServiceError(code as ErrorName, message);
	throw invalidRequest(message);
}

/** A fault that was asked for, as the control plane says it: it has fewer errors than the data plane. */
export function controlFault(code: FaultCode): Error {
	const message = "a fault was asked for";
	if (code === "RequestThrottled") return new ApiError(400, "ThrottlingException", message);
	if (code === "InternalError") return new ApiError(503, "ServiceUnavailableException", message);
	return code === "LimitExceeded" || code === "ResourceNotFound"
		? new ServiceError(code, message)
		: invalidRequest(message);
}

/**
 * What Fastify makes a server with: names of 128 characters and ARNs are parts of paths, and what it refuses before there is
 * a route is answered like all else.
 */
export const FASTIFY_PATHS = {
	routerOptions: { maxParamLength: 2_048 },
	frameworkErrors: (error: Error, _request: unknown, reply: unknown) => void answer(error, reply as FastifyReply),
} as const;

/** What Fastify refuses, in words that say what is wrong with the request. */
const REFUSED_BY_FASTIFY: Readonly<Record<string, readonly [statusCode: number, message: string]>> = {
	FST_ERR_BAD_URL: [400, "The path is not valid: it has to be percent-encoded UTF-8"],
	FST_ERR_MAX_PARAM_LENGTH: [400, "A part of the path is too long"],
	FST_ERR_CTP_BODY_TOO_LARGE: [413, "The body is too large"],
	FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, "The body does not have the length that Content-Length says"],
	FST_ERR_CTP_INVALID_MEDIA_TYPE: [400, "The body has to be JSON: Content-Type application/json"],
};

/** Makes a server answer errors and unknown routes as AWS does. */
export function answerErrors(server: FastifyInstance): void {
	server.setErrorHandler((error: Error, _request, reply) => answer(error, reply));
	server.setNotFoundHandler((request: FastifyRequest, reply) =>
		answer(
			new ApiError(404, "UnknownOperationException", `${request.method} ${request.url} is not served here`),
			reply,
		),
	);
}

function answer(error: Error, reply: FastifyReply) {
	const { statusCode, type, message } = error instanceof ServiceError ? controlPlaneError(error) : ownError(error);
	return reply.code(statusCode).header("x-amzn-errortype", type).send({ message });
}

function controlPlaneError({ code, message }: ServiceError): ApiError {
	return new ApiError(CONTROL_PLANE[code], `${code}Exception`, message);
}

/** One of ours, one of Fastify's, which has a code, or a defect. */
function ownError({ statusCode = 500, type, code = "", message }: Partial<ApiError> & CodedError): ErrorAnswer {
	if (type !== undefined) return { statusCode, type, message };
	if (!code.startsWith("FST_") || statusCode >= 500) return { statusCode, type: "InternalFailureException", message };
	const [status, words] = REFUSED_BY_FASTIFY[code] ?? [400, "The request is not valid"];
	return { statusCode: status, type: "InvalidRequestException", message: words };
}

interface CodedError extends Error {
	readonly code?: string;
}

type ErrorAnswer = Pick<ApiError, "statusCode" | "type" | "message">;
