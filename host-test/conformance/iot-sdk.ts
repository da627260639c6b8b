import assert from "node:assert/strict";
import { CreateJobCommand, IoTClient } from "@aws-sdk/client-iot";
import { EmulatorProcess } from "./emulator-process.js";

export const KEY = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
export const ACCOUNT = "arn:aws:iot:us-east-1:123456789012";
/** The thing that each session begins with. */
export const ALPHA = `${ACCOUNT}:thing/alpha`;
export const document = JSON.stringify({ operation: "wait" });
export const documentWith = (parameter: string) =>
	JSON.stringify({ operation: "wait", note: `\${aws:iot:parameter:${parameter}}` });

// biome-ignore lint/suspicious/noExplicitAny: each command has its own types
export type AnyCommand = any;

/** AWS's client for the control plane, and an emulator that wants its signatures. */
export class SdkSession {
	readonly emulator: EmulatorProcess;
	readonly client: IoTClient;
	#jobs = 0;

	private constructor(emulator: EmulatorProcess) {
		this.emulator = emulator;
		this.client = this.makeClient(KEY);
	}

	static async start(): Promise<SdkSession> {
		const emulator = await EmulatorProcess.start(
			...["--thing", "alpha", "--access-key", KEY.accessKeyId, "--secret-key", KEY.secretAccessKey],
			...["--fault", "error,topic=control/*throttled*,code=RequestThrottled"],
			...["--fault", "error,topic=control/*down*,code=InternalError"],
			...["--fault", "error,topic=control/*limited*,code=LimitExceeded"],
		);
		return new SdkSession(emulator);
	}

	makeClient(credentials: typeof KEY): IoTClient {
		const endpoint = this.emulator.addresses.control.url;
		return new IoTClient({ endpoint, region: "us-east-1", credentials, maxAttempts: 1 });
	}

	// biome-ignore lint/suspicious/noExplicitAny: each answer has its own type
	async send(command: AnyCommand): Promise<any> {
		return await this.client.send(command);
	}

	/** A new job of alpha. @returns its id */
	async createJob(options: object = {}): Promise<string> {
		this.#jobs += 1;
		const jobId = `job-${this.#jobs}`;
		await this.send(new CreateJobCommand({ jobId, targets: [ALPHA], document, ...options }));
		return jobId;
	}

	/** It is refused with this error. */
	async refused(command: AnyCommand, name: string): Promise<void> {
		await assert.rejects(this.send(command), (error: Error & { $metadata?: object }) => {
			assert.equal(error.name, name, error.message);
			return true;
		});
	}

	async end(): Promise<void> {
		this.client.destroy();
		await this.emulator.end();
	}
}
