import type { Emulator } from "../../emulator/emulator.js";
import { DEVICE_POLICY } from "../../emulator/identity/policy.js";

export interface Answer {
	readonly status: number;
	/** The error's type. */
	readonly type: string | null;
	readonly body: Record<string, unknown>;
}

/** CreateKeysAndCertificate's answer. */
interface Made {
	readonly certificateId: string;
	readonly certificateArn: string;
	readonly certificatePem: string;
	readonly keyPair: { readonly PrivateKey: string };
}

const ACCOUNT = "arn:aws:iot:us-east-1:123456789012";
export const thing = (name: string) => `${ACCOUNT}:thing/${name}`;
export const group = (name: string) => `${ACCOUNT}:thinggroup/${name}`;

/** The operator's requests, over HTTP. */
export class Operator {
	readonly #emulator: Emulator;

	constructor(emulator: Emulator) {
		this.#emulator = emulator;
	}

	/** @param body is sent as JSON, a text as it is */
	async call(
		method: string,
		path: string,
		body?: object | string,
		headers: Record<string, string> = {},
	): Promise<Answer> {
		const response = await fetch(this.#emulator.addresses.control.url + path, {
			method,
			headers: { "content-type": "application/json", ...headers },
			...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
		});
		const text = await response.text();
		return { status: response.status, type: response.headers.get("x-amzn-errortype"), body: JSON.parse(text || "{}") };
	}

	/** @throws when it is refused */
	async must(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Answer["body"]> {
		const answer = await this.call(method, path, body, headers);
		if (answer.status !== 200)
			throw new Error(`${method} ${path}: ${answer.status} ${answer.type} ${answer.body.message}`);
		return answer.body;
	}

	/** A job whose document is a reboot, unless the options say otherwise. */
	async createJob(jobId: string, targets: readonly string[], options: object = {}): Promise<Answer["body"]> {
		const document = JSON.stringify({ operation: "reboot" });
		return await this.must("PUT", `/jobs/${jobId}`, { targets, document, ...options });
	}

	async job(
		jobId: string,
	): Promise<Record<string, unknown> & { status: string; jobProcessDetails: Record<string, number> }> {
		return (await this.must("GET", `/jobs/${jobId}`)).job as never;
	}

	/** A certificate that is attached to a thing, with the policy that devices have. */
	async newCertificate(
		thingName: string,
		status: "ACTIVE" | "INACTIVE" = "ACTIVE",
	): Promise<{ certificateId: string; certificatePem: string; privateKey: string }> {
		const made = await this.must("POST", `/keys-and-certificate?setAsActive=${status === "ACTIVE"}`);
		const { certificateId, certificateArn, certificatePem, keyPair } = made as unknown as Made;
		await this.must("PUT", `/things/${thingName}/principals`, undefined, { "x-amzn-principal": certificateArn });
		await this.allow(certificateArn);
		return { certificateId, certificatePem, privateKey: keyPair.PrivateKey };
	}

	/** Attaches the policy that devices have. */
	async allow(target: string): Promise<void> {
		await this.call("POST", "/policies/device", { policyDocument: JSON.stringify(DEVICE_POLICY) }); // or it is there
		await this.must("PUT", "/target-policies/device", { target });
	}

	/** Also one that has certificates, which AWS refuses to delete. */
	async deleteThing(name: string): Promise<void> {
		const { principals } = await this.must("GET", `/things/${name}/principals`);
		for (const principal of principals as string[]) await this.detach(name, principal);
		await this.must("DELETE", `/things/${name}`);
	}

	async detach(thingName: string, principal: string): Promise<void> {
		await this.must("DELETE", `/things/${thingName}/principals`, undefined, { "x-amzn-principal": principal });
	}

	async group(name: string, things: readonly string[], parentGroupName?: string): Promise<void> {
		await this.must("POST", `/thing-groups/${name}`, { parentGroupName });
		for (const thingName of things) await this.join(name, thingName);
	}

	async join(thingGroupName: string, thingName: string): Promise<void> {
		await this.must("PUT", "/thing-groups/addThingToThingGroup", { thingGroupName, thingName });
	}

	async leave(thingGroupName: string, thingName: string): Promise<void> {
		await this.must("PUT", "/thing-groups/removeThingFromThingGroup", { thingGroupName, thingName });
	}
}
