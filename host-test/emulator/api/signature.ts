import { timingSafeEqual } from "node:crypto";
import aws4 from "aws4";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../../clock.js";
import { ApiError } from "./errors.js";

export interface AccessKey {
	readonly accessKeyId: string;
	readonly secretAccessKey: string;
}

/** AWS refuses a request that was signed longer ago. */
const MAX_AGE_MS = 15 * 60_000;
const AUTHORIZATION =
	/^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, *SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})$/;

const refused = (type: string, message: string) => new ApiError(403, type, message);

/**
 * Makes a server refuse requests that are not signed with this key (Signature Version 4). A request is signed once more, from
 * the headers that the client says it has signed, and the two signatures are compared.
 */
export function demandSignature(server: FastifyInstance, key: AccessKey, clock: Clock): void {
	// The body is signed as well: it has to be here.
	server.addHook("preValidation", async (request) => {
		const { authorization } = request.headers;
		if (authorization === undefined)
			throw refused("MissingAuthenticationTokenException", "Missing Authentication Token");
		const [, accessKeyId, , region, service, names, signature] = AUTHORIZATION.exec(authorization) ?? [];
		if (signature === undefined || names === undefined) {
			throw refused(
				"IncompleteSignatureException",
				"Authorization: AWS4-HMAC-SHA256 with Credential, SignedHeaders and Signature",
			);
		}
		if (accessKeyId !== key.accessKeyId) {
			throw refused("UnrecognizedClientException", "The security token included in the request is invalid");
		}
		checkDate(String(request.headers["x-amz-date"]), clock.now());
		const expected = signatureOf(request, names.split(";"), { region, service, key });
		if (timingSafeEqual(Buffer.from(expected), Buffer.from(signature))) return;
		throw refused(
			"InvalidSignatureException",
			"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
		);
	});
}

function checkDate(date: string, now: number): void {
	const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
	const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
	if (Number.isNaN(time)) throw refused("IncompleteSignatureException", "x-amz-date: YYYYMMDDTHHMMSSZ");
	if (Math.abs(now - time) > MAX_AGE_MS)
		throw refused("InvalidSignatureException", `Signature expired: ${date} is too far from now`);
}

function signatureOf(
	{ method, url, headers, bodyText = "" }: FastifyRequest,
	names: readonly string[],
	{ region, service, key }: { region: string | undefined; service: string | undefined; key: AccessKey },
): string {
	const signed = Object.fromEntries(names.map((name) => [name, String(headers[name] ?? "")]));
	const { headers: result } = aws4.sign(
		{
			...{ method, path: url, host: headers.host ?? "", body: bodyText, headers: { ...signed } },
			...(region !== undefined && { region }),
			...(service !== undefined && { service }),
			// aws4 adds headers that a client may have left unsigned.
			extraHeadersToIgnore: Object.fromEntries(
				["content-length", "content-type", "x-amz-content-sha256"]
					.filter((name) => !names.includes(name))
					.map((name) => [name, true]),
			),
		} as never,
		{ accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey },
	);
	return /Signature=([0-9a-f]{64})/.exec(String(result?.Authorization))?.[1] ?? "0".repeat(64);
}
