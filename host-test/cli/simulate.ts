import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { realClock } from "../clock.js";
import { type CredentialFiles, readCredentials } from "../device/credentials.js";
import { VirtualDevice } from "../device/virtual-device.js";
import type { Machine } from "../ecma419/machine.js";
import { checkThingName } from "../emulator/base/names.js";
import type { Emulator } from "../emulator/emulator.js";
import { findXs, prepareXsApp, xsProgram } from "../xs/xs-app.js";
import { interrupted, startEmulator } from "./emulate.js";
import { simulateFleet } from "./fleet.js";
import { type FleetEndpointOptions, simulateFleetAt } from "./fleet-endpoint.js";
import { jsonReporter, type Reporter, textReporter } from "./reporter.js";
import { readCodeSigningKey } from "./sign.js";
import { UsageError } from "./usage-error.js";

export interface SimulateOptions {
	thing?: string;
	dir?: string;
	document?: string;
	engine: "node" | "xs";
	endpoint?: string;
	ca?: string;
	certificate?: string;
	privateKey?: string;
	codeSigningKey?: string;
	subscribeAnswers?: boolean;
	things?: number;
	fleet?: string;
	jobs?: number;
	faulty: number;
	latency: number;
	fault: string[];
	abort?: number;
	json?: boolean;
}

/** A person who watches does not wait for minutes. */
const POLL_MS = 5_000;

/** `iot-jobs simulate`: 0 when the job SUCCEEDED, or when a device without a document was interrupted. */
export async function simulate(options: SimulateOptions): Promise<number> {
	if (options.things !== undefined) {
		const { things, faulty, latency, fault, abort, json = false } = options;
		const document = options.document === undefined ? undefined : readDocument(options.document);
		return await simulateFleet({ things, document, faulty, latency, fault, abort, json });
	}
	if (options.fleet !== undefined) return await simulateFleetAt(fleetOptions({ ...options, fleet: options.fleet }));
	if (options.jobs !== undefined) throw new UsageError("--jobs belongs to --fleet");
	check(options);
	const document = options.document === undefined ? undefined : readDocument(options.document);
	const reporter = options.json ? jsonReporter() : textReporter();
	const temporary = options.dir === undefined ? mkdtempSync(join(tmpdir(), "iot-jobs-")) : undefined;
	const directory = options.dir ?? (temporary as string);
	try {
		mkdirSync(directory, { recursive: true });
		if (options.endpoint !== undefined) return await againstEndpoint(options, directory, reporter);
		return await againstOwnEmulator(options, directory, document, reporter);
	} finally {
		if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
	}
}

function fleetOptions(options: SimulateOptions & { fleet: string }): FleetEndpointOptions {
	const { fleet, endpoint, ca, faulty, subscribeAnswers = false, jobs, json = false } = options;
	if (endpoint === undefined || ca === undefined) throw new UsageError("--fleet needs --endpoint and --ca");
	const { host, port, main } = parseEndpoint(endpoint);
	if (main !== "mqtt") throw new UsageError("--fleet speaks MQTT: --endpoint mqtts://HOST:PORT");
	return { fleet, host, port, ca, faulty, subscribeAnswers, jobs, json };
}

async function againstEndpoint(
	options: SimulateOptions & { thing: string },
	directory: string,
	reporter: Reporter,
): Promise<number> {
	const { thing, ca, certificate, privateKey } = options;
	const { host, port, main } = parseEndpoint(options.endpoint as string);
	const files = { ca, certificate, privateKey } as CredentialFiles;
	const key = options.codeSigningKey;
	const { engine, subscribeAnswers } = options;
	const device = await makeDevice({ thing, directory, host, port, files, engine, main, key, subscribeAnswers });
	reporter.device(device);
	device.powerOn();
	await interrupted();
	device.cutPower();
	return 0;
}

async function againstOwnEmulator(
	{ thing, engine, codeSigningKey: key }: SimulateOptions & { thing: string },
	directory: string,
	document: Record<string, unknown> | undefined,
	reporter: Reporter,
): Promise<number> {
	const emulator = await startEmulator({ directory: join(directory, "emulator"), things: [thing] });
	try {
		return await runJob({ emulator, thing, directory, document, engine, reporter, key });
	} finally {
		await emulator.close();
	}
}

export interface JobRun {
	readonly emulator: Emulator;
	readonly thing: string;
	readonly directory: string;
	readonly document: Record<string, unknown> | undefined;
	readonly engine: "node" | "xs";
	readonly reporter: Reporter;
	/** A file: the public key whose images are trusted. */
	readonly key?: string | undefined;
	/** Looks at the device when the job has SUCCEEDED. @returns what is wrong */
	readonly inspect?: (device: VirtualDevice) => string | undefined;
}

/** Runs a device until the job with this document has ended; without a document, until interrupted. */
export async function runJob(run: JobRun): Promise<number> {
	const { emulator, thing, directory, document, engine, reporter, key, inspect = () => undefined } = run;
	const { mqtt, ca, things } = emulator.addresses;
	const files = { ca, ...(things[thing] as { certificate: string; privateKey: string }) };
	const { host, port } = mqtt;
	const device = await makeDevice({ thing, directory, host, port, files, engine, main: "mqtt", key });
	reporter.emulator(emulator);
	reporter.device(device);
	const jobId = "job-1";
	const ended = new Promise<string>((resolve) => {
		if (document === undefined) return;
		emulator.service.on("execution", (_thing, { status }) => {
			if (status !== "QUEUED" && status !== "IN_PROGRESS") resolve(status);
		});
	});
	if (document !== undefined) emulator.service.createJob({ jobId, targets: [thing], document });
	device.powerOn();
	const status = await Promise.race([ended, interrupted()]);
	const problem = status === "SUCCEEDED" ? inspect(device) : undefined;
	device.cutPower();
	const execution = emulator.service.execution(thing, jobId);
	if (execution !== undefined) reporter.end(execution, problem);
	if (document === undefined) return 0;
	return execution?.status === "SUCCEEDED" && problem === undefined ? 0 : 1;
}

interface DeviceParts {
	readonly thing: string;
	readonly directory: string;
	readonly host: string;
	readonly port: number;
	readonly files: CredentialFiles;
	readonly engine: "node" | "xs";
	readonly main: "mqtt" | "https";
	readonly key: string | undefined;
	readonly subscribeAnswers?: boolean | undefined;
}

async function makeDevice({
	thing,
	directory,
	host,
	port,
	files,
	engine,
	main,
	key,
	subscribeAnswers = false,
}: DeviceParts): Promise<VirtualDevice> {
	const program = await programOf(main, engine, directory);
	const codeSigningKey = key === undefined ? undefined : readCodeSigningKey(key);
	const requireSignature = codeSigningKey !== undefined;
	return await VirtualDevice.create({
		program: () => program,
		directory: join(directory, "flash"),
		clock: realClock,
		config: { thingName: thing, host, port, startJitterMs: 0, pollMs: POLL_MS, requireSignature, subscribeAnswers },
		credentials: { ...readCredentials(files), codeSigningKey },
	});
}

/** The agent over MQTT, or over HTTPS. */
async function programOf(
	main: "mqtt" | "https",
	engine: "node" | "xs",
	directory: string,
): Promise<(machine: Machine) => void> {
	const xs = engine === "xs" ? findXs() : undefined;
	if (xs === undefined)
		return main === "mqtt"
			? (await import("../../src/app/main.js")).default
			: (await import("../../examples/https/main.js")).default;
	const path = main === "mqtt" ? "../../src/app/main.ts" : "../../examples/https/main.ts";
	const file = fileURLToPath(new URL(path, import.meta.url));
	return xsProgram(await prepareXsApp(xs, join(directory, "xs"), { main: file }));
}

function check(options: SimulateOptions): asserts options is SimulateOptions & { thing: string } {
	const { thing, document, engine, endpoint, ca, certificate, privateKey, subscribeAnswers } = options;
	if (thing === undefined) throw new UsageError("--thing NAME for one device, or --things NUMBER for a fleet");
	try {
		checkThingName(thing);
	} catch (error) {
		throw new UsageError((error as Error).message);
	}
	if (engine === "xs" && findXs() === undefined) {
		throw new UsageError("--engine xs: XS is not built here; npm run build:xs builds it");
	}
	if (endpoint !== undefined) {
		if (document !== undefined) {
			throw new UsageError("--document creates a job in an emulator of its own; with --endpoint, create it there");
		}
		if (ca === undefined || certificate === undefined || privateKey === undefined) {
			throw new UsageError("--endpoint needs --ca, --certificate and --private-key");
		}
		parseEndpoint(endpoint);
	} else if ((ca ?? certificate ?? privateKey ?? subscribeAnswers) !== undefined) {
		throw new UsageError("--ca, --certificate, --private-key and --subscribe-answers belong to --endpoint");
	}
}

function parseEndpoint(text: string): { host: string; port: number; main: "mqtt" | "https" } {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	const isKnown = url?.protocol === "mqtts:" || url?.protocol === "https:";
	if (!isKnown || url.hostname === "" || (url.pathname !== "" && url.pathname !== "/")) {
		throw new UsageError(`--endpoint ${text}: write mqtts://HOST:PORT, or https://HOST:PORT for the data plane`);
	}
	const isHttps = url.protocol === "https:";
	const usual = isHttps ? 8443 : 8883;
	return {
		host: url.hostname,
		port: url.port === "" ? usual : Number(url.port),
		main: isHttps ? "https" : "mqtt",
	};
}

function readDocument(path: string): Record<string, unknown> {
	if (!existsSync(path)) throw new UsageError(`--document ${path}: there is no such file`);
	let value: unknown;
	try {
		value = JSON.parse(readFileSync(path, "utf8"));
	} catch (error) {
		throw new UsageError(`--document ${path}: not JSON: ${(error as Error).message}`);
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw new UsageError(`--document ${path}: a job document is a JSON object`);
	}
	return value as Record<string, unknown>;
}
