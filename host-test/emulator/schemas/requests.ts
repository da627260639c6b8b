import { isUtf8 } from "node:buffer";
import type { ErrorCode } from "../../../src/protocol/messages.js";
import { MAX_CLIENT_TOKEN_BYTES } from "../base/limits.js";
import { DETAIL_NAME } from "../base/names.js";
import { invalid, type MessageType } from "./messages.js";

/** Why a request is rejected before the model is asked. */
export class BadRequest extends Error {
	readonly code: ErrorCode;
	/** The request's token, for the answer; undefined when the request was not read as far as that. */
	readonly clientToken: string | undefined;

	constructor(code: ErrorCode, message: string, clientToken?: string) {
		super(message);
		this.code = code;
		this.clientToken = clientToken;
	}
}

/**
 * Reads a request's payload. An empty one counts as `{}`; members that the operation does not know are ignored.
 *
 * AWS takes more than its documentation says, and clients in the field rely on it: scalars in quotes, which AWS's own device
 * SDKs send (C++, Python and JavaScript, v1), numbers in `statusDetails`, and `statusDetails: null` and an empty
 * `clientToken` (bifravst/firmware#78 on GitHub).
 *
 * @throws BadRequest InvalidJson or InvalidRequest
 */
export function readRequest<T>(type: MessageType, payload: Uint8Array): T & { clientToken?: string } {
	return checkRequest(type, parse(payload));
}

/** The same for a payload that has been parsed. @param value undefined and null count as `{}` */
export function checkRequest<T>(type: MessageType, value: unknown): T & { clientToken?: string } {
	const request = { ...asObject(value ?? {}) };
	const token = request.clientToken;
	const clientToken =
		typeof token === "string" && Buffer.byteLength(token) <= MAX_CLIENT_TOKEN_BYTES ? token : undefined;
	unquote(request);
	const problem = invalid(type, request) ?? beyondSchema(request);
	if (problem !== undefined) throw new BadRequest("InvalidRequest", problem, clientToken);
	return request as T & { clientToken?: string };
}

const NUMBERS = ["expectedVersion", "executionNumber", "stepTimeoutInMinutes"] as const;
const BOOLEANS = ["includeJobExecutionState", "includeJobDocument"] as const;

/** Makes of each scalar what its member is: a number and a boolean may come in quotes, a status detail without. */
function unquote(request: Record<string, unknown>): void {
	for (const name of NUMBERS) {
		const value = request[name];
		if (typeof value === "string" && /^-?\d{1,15}$/.test(value)) request[name] = Number(value);
	}
	for (const name of BOOLEANS) {
		const value = request[name];
		if (value === "true" || value === "false") request[name] = value === "true";
	}
	const { statusDetails } = request;
	if (statusDetails === null) delete request.statusDetails;
	if (typeof statusDetails !== "object" || statusDetails === null || Array.isArray(statusDetails)) return;
	request.statusDetails = Object.fromEntries(
		Object.entries(statusDetails).map(([name, value]) => [name, isScalar(value) ? String(value) : value]),
	);
}

function isScalar(value: unknown): value is number | boolean {
	return typeof value === "number" || typeof value === "boolean";
}

function parse(payload: Uint8Array): Record<string, unknown> {
	if (payload.byteLength === 0) return {};
	if (!isUtf8(payload)) throw new BadRequest("InvalidJson", "The payload is not UTF-8");
	try {
		return asObject(JSON.parse(Buffer.from(payload).toString()));
	} catch (error) {
		throw error instanceof BadRequest ? error : new BadRequest("InvalidJson", "The payload is not JSON");
	}
}

function asObject(value: unknown): Record<string, unknown> {
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw new BadRequest("InvalidJson", "The payload is not a JSON object");
	}
	return value as Record<string, unknown>;
}

/** What is wrong with a request that the generated schema does not catch. */
function beyondSchema(request: Record<string, unknown>): string | undefined {
	const { clientToken, stepTimeoutInMinutes, statusDetails } = request;
	if (typeof clientToken === "string" && Buffer.byteLength(clientToken) > MAX_CLIENT_TOKEN_BYTES) {
		return `payload/clientToken: above ${MAX_CLIENT_TOKEN_BYTES} bytes`;
	}
	if (stepTimeoutInMinutes === 0) return "payload/stepTimeoutInMinutes: 1 to 10080, or -1";
	for (const name of Object.keys((statusDetails as Record<string, string> | undefined) ?? {})) {
		if (!DETAIL_NAME.test(name)) return `payload/statusDetails: the name ${JSON.stringify(name)}`;
	}
	return undefined;
}
