import { readFileSync } from "node:fs";
import { join } from "node:path";
import aws4 from "aws4";
import { packageRoot } from "../package-root.js";
import { UsageError } from "./usage-error.js";

/** What the API has created for a device. */
export interface Provisioned {
	/** PEM */
	readonly certificate: string;
	/** PEM. AWS returns it once and does not keep it. */
	readonly privateKey: string;
	/** HOST or HOST:PORT */
	readonly endpoint: string;
}

/** Its document is `host-test/policies/device.json`. */
const POLICY_NAME = "iot-jobs-device";
const AWS_HOST = /^iot\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/;
const TIMEOUT_MS = 30_000;

export function isAws(url: string): boolean {
	return URL.canParse(url) && AWS_HOST.test(new URL(url).hostname);
}

/** AWS IoT's control API, or the emulator's: requests signed with the access key of the environment. */
class Api {
	readonly #url: URL;
	readonly #region: string;

	/** @throws UsageError */
	constructor(text: string) {
		const url = URL.canParse(text) ? new URL(text) : undefined;
		if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== "/") {
			throw new UsageError(`--api ${text}: write https://iot.REGION.amazonaws.com, or the emulator's control address`);
		}
		this.#url = url;
		this.#region = AWS_HOST.exec(url.hostname)?.[1] ?? process.env.AWS_REGION ?? "us-east-1";
		if (isAws(text) && url.protocol === "http:") throw new UsageError(`--api ${text}: keys come over https alone`);
		if (isAws(text) && process.env.AWS_ACCESS_KEY_ID === undefined) {
			throw new UsageError("--api: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not in the environment");
		}
	}

	/** @throws ApiRefusal with the message of the API */
	async call(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<unknown> {
		const text = body === undefined ? "" : JSON.stringify(body);
		const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
		const { AWS_ACCESS_KEY_ID: accessKeyId = "any", AWS_SECRET_ACCESS_KEY: secretAccessKey = "any" } = process.env;
		const sessionToken = process.env.AWS_SESSION_TOKEN;
		const signed = aws4.sign(
			{
				...{ method, path, host: this.#url.host, service: "iot", region: this.#region, body: text },
				headers: { ...type, ...headers },
			},
			{ accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
		);
		const { Host: _host, "Content-Length": _length, ...sent } = signed.headers as Record<string, string>;
		let response: Response;
		try {
			response = await fetch(new URL(path, this.#url), {
				...{ method, headers: sent, signal: AbortSignal.timeout(TIMEOUT_MS) },
				...(body !== undefined && { body: text }),
			});
		} catch (error) {
			const { message, cause } = error as Error;
			throw new Error(`${this.#url.host} cannot be reached: ${cause instanceof Error ? cause.message : message}`);
		}
		const answer = parse(await response.text());
		if (response.ok) return answer;
		const name = response.headers.get("x-amzn-errortype")?.split(":")[0] ?? `HTTP ${response.status}`;
		throw new ApiRefusal(name, `${method} ${path}: ${name}: ${String(answer.message ?? "")}`);
	}
}

class ApiRefusal extends Error {
	readonly type: string;

	constructor(type: string, message: string) {
		super(message);
		this.type = type;
	}
}

/**
 * Creates a thing, a certificate with its key and, if it does not exist, the policy of devices, and attaches them to each other.
 * When attaching fails, the certificate is deleted again.
 *
 * @throws UsageError, or with the message of the API
 */
export async function provisionByApi(url: string, thing: string): Promise<Provisioned> {
	const api = new Api(url);
	const { endpointAddress } = (await api.call("GET", "/endpoint?endpointType=iot%3AData-ATS")) as Record<
		string,
		string
	>;
	if (endpointAddress === undefined) throw new Error(`${url} does not tell the endpoint of devices`);
	await unlessThere(api.call("POST", `/things/${encodeURIComponent(thing)}`, {}));
	const policyDocument = readFileSync(join(packageRoot, "host-test/policies/device.json"), "utf8");
	await unlessThere(api.call("POST", `/policies/${POLICY_NAME}`, { policyDocument }));
	const made = (await api.call("POST", "/keys-and-certificate?setAsActive=true")) as {
		readonly certificateArn: string;
		readonly certificateId: string;
		readonly certificatePem: string;
		readonly keyPair: { readonly PrivateKey: string };
	};
	const { certificateArn: target, certificateId, certificatePem: certificate, keyPair } = made;
	try {
		await api.call("PUT", `/target-policies/${POLICY_NAME}`, { target });
		await api.call("PUT", `/things/${encodeURIComponent(thing)}/principals`, undefined, { "x-amzn-principal": target });
	} catch (error) {
		await remove(api, certificateId);
		throw error;
	}
	return { certificate, privateKey: keyPair.PrivateKey, endpoint: endpointAddress };
}

/** When a device is provisioned again, its thing and the policy exist already. */
async function unlessThere(call: Promise<unknown>): Promise<void> {
	try {
		await call;
	} catch (error) {
		if (!(error instanceof ApiRefusal) || error.type !== "ResourceAlreadyExistsException") throw error;
	}
}

/** Deletes a certificate. A failure is only printed, so that the caller can report the error before it. */
async function remove(api: Api, certificateId: string): Promise<void> {
	try {
		await api.call("PUT", `/certificates/${certificateId}?newStatus=INACTIVE`);
		await api.call("DELETE", `/certificates/${certificateId}?forceDelete=true`);
	} catch (error) {
		process.stderr.write(`certificate ${certificateId} is left over: ${(error as Error).message}\n`);
	}
}

function parse(text: string): Record<string, unknown> {
	try {
		const value: unknown = JSON.parse(text === "" ? "{}" : text);
		return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
	} catch {
		return {};
	}
}
