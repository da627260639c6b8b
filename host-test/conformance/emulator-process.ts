import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const command = fileURLToPath(new URL("../cli/iot-jobs.js", import.meta.url));

/** The first line of `iot-jobs emulate --json`. */
interface Addresses {
	readonly mqtt: { readonly host: string; readonly port: number };
	readonly data: { readonly url: string };
	readonly control: { readonly url: string };
	readonly page: { readonly url: string };
	readonly ca: string;
	readonly things: Record<string, { readonly certificate: string; readonly privateKey: string }>;
}

export interface Ended {
	readonly status: string;
	readonly statusDetails: { readonly detailsMap: Readonly<Record<string, string>> };
}

export function temporaryDirectory(): string {
	return mkdtempSync(join(tmpdir(), "iot-jobs-conformance-"));
}

/** For a server that does not take a free one by itself. */
export async function freePort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as { port: number };
	server.close();
	await once(server, "close");
	return port;
}

/** `iot-jobs emulate`, as a user starts it: a process of its own, known by what it prints. */
export class EmulatorProcess {
	readonly addresses: Addresses;
	readonly #child: ChildProcessWithoutNullStreams;
	/** `--dir`: images are in `images/` below it. */
	readonly directory: string;

	private constructor(child: ChildProcessWithoutNullStreams, directory: string, addresses: Addresses) {
		this.#child = child;
		this.directory = directory;
		this.addresses = addresses;
	}

	static async start(...options: string[]): Promise<EmulatorProcess> {
		return await EmulatorProcess.startIn(temporaryDirectory(), ...options);
	}

	static async startIn(directory: string, ...options: string[]): Promise<EmulatorProcess> {
		const ports = ["--mqtt-port", "0", "--data-port", "0", "--control-port", "0", "--page-port", "0"];
		const child = spawn(process.execPath, [command, "emulate", "--dir", directory, "--json", ...ports, ...options]);
		child.stderr.pipe(process.stderr);
		const [line] = (await once(createInterface(child.stdout), "line")) as [string];
		return new EmulatorProcess(child, directory, JSON.parse(line));
	}

	/** How a job ended on a thing, as the control plane describes it. */
	async ended(thing: string, jobId: string): Promise<Ended> {
		for (;;) {
			const response = await fetch(`${this.addresses.control.url}/things/${thing}/jobs/${jobId}`);
			const { execution } = (await response.json()) as { execution: Ended };
			if (!["QUEUED", "IN_PROGRESS"].includes(execution.status)) return execution;
			await delay(100);
		}
	}

	/** A device in a process of its own. @param port of the broker */
	device(thing: string, port: number, ...options: string[]): ChildProcessWithoutNullStreams {
		const { ca, things } = this.addresses;
		const { certificate, privateKey } = things[thing] as { certificate: string; privateKey: string };
		return spawn(process.execPath, [
			...[command, "simulate", "--thing", thing, "--endpoint", `mqtts://127.0.0.1:${port}`, ...options],
			...["--ca", ca, "--certificate", certificate, "--private-key", privateKey],
		]);
	}

	/** What a client of another make shows. */
	filesOf(thing: string): { ca: Buffer; cert: Buffer; key: Buffer } {
		const { ca, things } = this.addresses;
		const { certificate, privateKey } = things[thing] as { certificate: string; privateKey: string };
		return { ca: readFileSync(ca), cert: readFileSync(certificate), key: readFileSync(privateKey) };
	}

	/** When its log has said this. */
	async said(pattern: RegExp): Promise<void> {
		for await (const line of createInterface(this.#child.stderr)) if (pattern.test(line)) return;
	}

	async createJob(jobId: string, thing: string, document: object, timeoutConfig?: object): Promise<void> {
		const response = await fetch(`${this.addresses.control.url}/jobs/${jobId}`, {
			method: "PUT",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({
				targets: [`arn:aws:iot:us-east-1:123456789012:thing/${thing}`],
				document: JSON.stringify(document),
				timeoutConfig,
			}),
		});
		if (!response.ok) throw new Error(await response.text());
	}

	/** What lies in a bucket, as far as the emulator knows. */
	putObject(name: string, bytes: Uint8Array): void {
		writeFileSync(join(this.directory, "images", name), bytes);
	}

	/** Makes an image a file stream. @returns the document of the job that installs it */
	async publishStream(image: Uint8Array): Promise<object> {
		this.putObject("new.bin", image);
		const response = await fetch(`${this.addresses.control.url}/streams/firmware`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({
				roleArn: "arn:aws:iam::123456789012:role/any",
				files: [{ fileId: 0, s3Location: { bucket: "images", key: "new.bin" } }],
			}),
		});
		if (!response.ok) throw new Error(await response.text());
		const sha256 = createHash("sha256").update(image).digest("hex");
		return { operation: "ota", version: "2.0.0", streamId: "firmware", size: image.byteLength, sha256 };
	}

	async end(): Promise<void> {
		this.#child.kill("SIGTERM");
		await once(this.#child, "close");
		rmSync(this.directory, { recursive: true, force: true });
	}
}
