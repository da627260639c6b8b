import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readNewJob } from "../emulator/api/create-job.js";
import { groupArn, parseTarget, thingArn } from "../emulator/base/arn.js";
import { Emulator as Service } from "../emulator/emulator.js";
import { whenever } from "../emulator/jobs/ended.js";
import { isTerminal, type Execution as Known } from "../emulator/jobs/execution.js";
import { jobEnded } from "../emulator/jobs/job.js";
import { createThing } from "../emulator/parts.js";
import { FaultList } from "./faults.js";
import { listen } from "./listen.js";
import type { Clock, Execution, Job, JobOptions, Message, Policy, Thing, WaitOptions } from "./types.js";
import { VirtualDevice, type VirtualDeviceOptions } from "./virtual-device.js";
import { WAIT_MS } from "./waiting.js";

export interface EmulatorOptions {
	/** Where keys, certificates and images are. Default: a directory that is deleted at the end. Keys that are kept save 1 s. */
	readonly directory?: string;
	/** Names of things that exist from the start. */
	readonly things?: readonly string[];
	/** The address to listen on. Default: 127.0.0.1. */
	readonly host?: string;
	/** More host names of this machine. */
	readonly names?: readonly string[];
	/** Default: 0, a free port. */
	readonly mqttPort?: number;
	/** Default: 0. */
	readonly dataPort?: number;
	/** Default: 0. */
	readonly controlPort?: number;
	/** Keeps jobs, things and groups in the directory, for the next emulator there. Default: false. */
	readonly persistent?: boolean;
	/** Time for timeouts, schedules and rollouts. Default: the machine's. */
	readonly clock?: Clock;
}

interface Events {
	/** An execution has changed. */
	execution: [execution: Execution];
	/** A client has connected. */
	connected: [thingName: string, clientId: string];
	disconnected: [thingName: string, clientId: string];
	/** A message on the wire. */
	message: [message: Message];
	/** A line of the log: who was refused what, and which fault has met which message. */
	log: [line: string];
}

/** AWS IoT Jobs in this process: an MQTT broker, the Jobs service and the operator's API. */
export class Emulator {
	readonly #service: Service;
	readonly #devices: VirtualDevice[] = [];
	readonly #temporary: string | undefined;
	#jobs = 0;
	/** What goes wrong on demand. */
	readonly faults: FaultList;

	private constructor(service: Service, temporary: string | undefined) {
		this.#service = service;
		this.#temporary = temporary;
		this.faults = new FaultList(service.faults);
		service.service.setMaxListeners(0);
		service.broker.setMaxListeners(0);
	}

	static async start(options: EmulatorOptions = {}): Promise<Emulator> {
		const temporary = options.directory === undefined ? mkdtempSync(join(tmpdir(), "iot-jobs-")) : undefined;
		const directory = options.directory ?? (temporary as string);
		try {
			return new Emulator(await Service.start({ things: [], ...options, directory }), temporary);
		} catch (error) {
			if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
			throw error;
		}
	}

	/** Devices that were made by `device` lose their power; all ports are closed. */
	async close(): Promise<void> {
		await Promise.all(this.#devices.map((device) => device.close()));
		await this.#service.close();
		if (this.#temporary !== undefined) rmSync(this.#temporary, { recursive: true, force: true });
	}

	/** Back to the start, between tests: jobs, groups, faults and later things are gone. Devices stay as they are. */
	async reset(): Promise<void> {
		await this.#service.reset();
	}

	// ---- where it is

	/** MQTT over mutual TLS. */
	get mqtt(): { readonly host: string; readonly port: number } {
		return this.#service.addresses.mqtt;
	}

	/** HTTPS for devices, and for `/images/NAME`. */
	get dataUrl(): string {
		return this.#service.addresses.data.url;
	}

	/** HTTP for operators: `aws --endpoint-url`. */
	get controlUrl(): string {
		return this.#service.addresses.control.url;
	}

	/** The CA that clients trust, PEM. */
	get ca(): string {
		return this.#service.ca;
	}

	// ---- things and groups

	/** Creates a thing with a certificate, or gives an existing one a certificate. */
	async createThing(
		name: string,
		{ groups = [], policy }: { readonly groups?: readonly string[]; readonly policy?: Policy } = {},
	): Promise<Thing> {
		await createThing(this.#service.parts, name, policy);
		for (const group of groups) {
			this.createGroup(group);
			this.#service.registry.addToGroup(group, name);
		}
		return this.thing(name);
	}

	/** @throws when there is no such thing, or none that was given a certificate here */
	thing(name: string): Thing {
		this.#service.registry.thing(name);
		const files = this.#service.parts.pki.filesOf(name);
		const [certificate, privateKey] = [files.certificate, files.privateKey].map((path) => readFileSync(path, "utf8"));
		return { name, arn: thingArn(name), certificate: certificate as string, privateKey: privateKey as string, files };
	}

	/** A static group; one that exists stays as it is. @returns its ARN */
	createGroup(name: string, parent?: string): string {
		const { registry } = this.#service;
		if (!registry.hasGroup(name))
			registry.createGroup({ groupName: name, parent, description: undefined, attributes: {} });
		return groupArn(name);
	}

	addToGroup(group: string, thing: string): void {
		this.#service.registry.addToGroup(group, thing);
	}

	removeFromGroup(group: string, thing: string): void {
		this.#service.registry.removeFromGroup(group, thing);
	}

	/** A file that devices can download. @returns what an `ota` or a `file` job says of it */
	putImage(name: string, bytes: Uint8Array): { readonly url: string; readonly size: number; readonly sha256: string } {
		writeFileSync(join(this.#service.imageDirectory, name), bytes);
		const sha256 = createHash("sha256").update(bytes).digest("hex");
		return { url: `${this.dataUrl}/images/${encodeURIComponent(name)}`, size: bytes.byteLength, sha256 };
	}

	// ---- jobs

	/** @throws with the service's words when it refuses the job */
	createJob({ jobId = this.#nextId(), targets = [], groups = [], document, ...others }: JobOptions): Job {
		const { parts, service } = this.#service;
		const arns = targets.map((target) => (parseTarget(target) === undefined ? thingArn(target) : target));
		const body = { ...others, targets: [...arns, ...groups.map(groupArn)], document: JSON.stringify(document) };
		service.createJob(readNewJob(jobId, body, parts, parts.clock.now()));
		return this.job(jobId) as Job;
	}

	#nextId(): string {
		do this.#jobs += 1;
		while (this.job(`job-${this.#jobs}`) !== undefined);
		return `job-${this.#jobs}`;
	}

	job(jobId: string): Job | undefined {
		const found = this.#service.service.job(jobId);
		if (found === undefined) return undefined;
		const { status, targets, counts, comment, reasonCode } = found;
		return { jobId, status, targets, counts, comment, reasonCode };
	}

	/** The latest execution of a job on a thing. */
	execution(jobId: string, thingName: string): Execution | undefined {
		const found = this.#service.service.execution(thingName, jobId);
		return found && shown(thingName, found);
	}

	/** @param force also what is IN_PROGRESS @throws when it cannot be cancelled */
	cancelJob(jobId: string, { force = false }: { readonly force?: boolean } = {}): void {
		refuse(this.#service.service.cancelJob(jobId, { force, comment: undefined, reasonCode: undefined }));
	}

	/** @param force also when something of it is not over yet @throws when it cannot be deleted */
	deleteJob(jobId: string, { force = false }: { readonly force?: boolean } = {}): void {
		refuse(this.#service.service.deleteJob(jobId, force));
	}

	/** The execution, once it has ended for good: retries are waited for. @throws when it has not ended in time */
	async waitForExecution(
		jobId: string,
		thingName: string,
		{ timeoutMs = WAIT_MS }: WaitOptions = {},
	): Promise<Execution> {
		const now = () => this.execution(jobId, thingName);
		const over = () => {
			const found = now();
			return found !== undefined && isTerminal(found.status) ? found : undefined;
		};
		return await this.#when(over, timeoutMs, () => {
			const { status = "not there", statusDetails } = now() ?? {};
			return `${jobId} on ${thingName} has not ended: it is ${status} ${JSON.stringify(statusDetails ?? {})}`;
		});
	}

	/** The job, once every execution of it has ended. @throws when it has not ended in time */
	async waitForJob(jobId: string, { timeoutMs = WAIT_MS }: WaitOptions = {}): Promise<Job> {
		const over = () => {
			const found = this.#service.service.job(jobId);
			return found !== undefined && jobEnded(found) ? this.job(jobId) : undefined;
		};
		return await this.#when(over, timeoutMs, () => {
			const { status = "not there", counts = {} } = this.job(jobId) ?? {};
			return `${jobId} has not ended: it is ${status} ${JSON.stringify(counts)}`;
		});
	}

	async #when<T>(ask: () => T | undefined, timeoutMs: number, problem: () => string): Promise<T> {
		const answer = await whenever(this.#service.service, ask, AbortSignal.timeout(timeoutMs));
		if (answer === undefined) throw new Error(`${problem()} (after ${timeoutMs} ms)`);
		return answer;
	}

	// ---- devices and events

	/** A virtual device that is the thing; it has no power yet. `close` of the emulator ends it. */
	async device(thingName: string, options: Partial<VirtualDeviceOptions> = {}): Promise<VirtualDevice> {
		const { certificate, privateKey } = this.thing(thingName);
		const address = options.link === "https" ? this.#httpsAddress() : this.mqtt;
		const credentials = { ca: this.ca, certificate, privateKey };
		const device = await VirtualDevice.create({ thingName, ...address, credentials, ...options });
		this.#devices.push(device);
		return device;
	}

	#httpsAddress(): { readonly host: string; readonly port: number } {
		const { hostname, port } = new URL(this.dataUrl);
		return { host: hostname, port: Number(port) };
	}

	/** Cuts a thing's connections, as a network failure would. */
	disconnect(thingName: string): void {
		this.#service.broker.disconnect(thingName);
	}

	/** @returns removes the listener */
	on<E extends keyof Events>(event: E, listener: (...values: Events[E]) => void): () => void {
		const tell = listener as (...values: unknown[]) => void;
		const { broker, service } = this.#service;
		if (event === "execution") {
			const told = (thingName: string, execution: Known) => tell(shown(thingName, execution));
			service.on("execution", told);
			return () => service.off("execution", told);
		}
		return listen(broker, event, tell);
	}
}

function shown(thingName: string, execution: Known): Execution {
	const { jobId, executionNumber, versionNumber, status, queuedAt, startedAt, lastUpdatedAt } = execution;
	const statusDetails = execution.statusDetails ?? {};
	return {
		...{ thingName, jobId, executionNumber, versionNumber, status },
		...{ statusDetails, queuedAt, startedAt, lastUpdatedAt },
	};
}

/** @throws when there is a rejection */
function refuse(rejected: { readonly message: string } | undefined): void {
	if (rejected !== undefined) throw new Error(rejected.message);
}
