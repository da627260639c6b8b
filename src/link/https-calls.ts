import type { JobsRequest } from "../agent/link.js";
import type { ErrorCode } from "../protocol/messages.js";
import { Operation } from "../protocol/topics.js";

/** A request of the HTTPS data plane. */
export interface Call {
	readonly method: "GET" | "PUT" | "POST";
	readonly path: string;
	readonly body: string | undefined;
}

/**
 * The same request over HTTPS. A client token in a body does no harm: the service ignores members that it does not know.
 *
 * Source: service model `iot-jobs-data`.
 */
export function callOf(thingName: string, { operation, jobId, payload }: JobsRequest): Call {
	const jobs = `/things/${thingName}/jobs/`;
	if (operation === Operation.Update) return { method: "POST", path: jobs + jobId, body: payload };
	if (operation === Operation.StartNext) return { method: "PUT", path: `${jobs}$next`, body: payload };
	const { executionNumber, includeJobDocument } = JSON.parse(payload) as Record<string, unknown>;
	const number = executionNumber === undefined ? "" : `executionNumber=${executionNumber}&`;
	return { method: "GET", path: `${jobs}${jobId}?${number}includeJobDocument=${includeJobDocument}`, body: undefined };
}

/** The exceptions of the data plane, by the code that the same rejection has over MQTT. */
const CODES: Readonly<Record<string, ErrorCode>> = Object.freeze(
	{
		InvalidRequestException: "InvalidRequest",
		ResourceNotFoundException: "ResourceNotFound",
		InvalidStateTransitionException: "InvalidStateTransition",
		TerminalStateException: "TerminalStateReached",
		ThrottlingException: "RequestThrottled",
	},
	true,
);

/**
 * @param errorType the header `x-amzn-errortype`, which may carry more behind a colon
 * @returns undefined for an answer that the service does not give
 */
export function codeOf(status: number, errorType: string): ErrorCode | undefined {
	const colon = errorType.indexOf(":");
	const code = CODES[colon < 0 ? errorType : errorType.slice(0, colon)];
	// What went wrong between here and the service, or in it, may go better later.
	return code ?? (status >= 500 || status === 429 ? "InternalError" : undefined);
}
