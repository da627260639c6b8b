import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ChipName } from "../device/chips.js";
import { checkThingName } from "../emulator/base/names.js";
import { inTemporaryDirectory } from "../temporary-directory.js";
import { xsCommand } from "../xs/sources.js";
import { findXs } from "../xs/xs-app.js";
import { simulateFleet } from "./fleet.js";
import { simulateFleetAt } from "./fleet-endpoint.js";
import { readFileOf } from "./read-file.js";
import { jsonReporter, type Reporter, textReporter } from "./reporter.js";
import { runJob } from "./run-job.js";
import { interrupted, startEmulator } from "./servers.js";
import { type Engine, type LinkKind, makeSimulatedDevice } from "./simulated-device.js";
import { UsageError } from "./usage-error.js";

export interface SimulateOptions {
	thing?: string;
	dir?: string;
	document?: string;
	engine: Engine;
	chip?: ChipName;
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

/** The options of one device; of what `--endpoint` needs, all is there or nothing. */
interface DeviceOptions {
	readonly thing: string;
	readonly engine: Engine;
	readonly chip: ChipName | undefined;
	readonly codeSigningKey: string | undefined;
	readonly endpoint: Endpoint | undefined;
	readonly document: Record<string, unknown> | undefined;
	readonly reporter: Reporter;
}

interface Endpoint {
	readonly host: string;
	readonly port: number;
	readonly link: LinkKind;
	readonly files: { readonly ca: string; readonly certificate: string; readonly privateKey: string };
	readonly subscribeAnswers: boolean | undefined;
}

/** `iot-jobs simulate`: a device, or a fleet. 0 when its jobs SUCCEEDED, or when it was interrupted without a document. */
export async function simulate(options: SimulateOptions): Promise<number> {
	const { things, fleet, jobs, faulty, json = false } = options;
	if (things !== undefined) {
		const { latency, fault, abort } = options;
		return await simulateFleet({ things, document: readDocument(options), faulty, latency, fault, abort, json });
	}
	if (fleet !== undefined) {
		const { endpoint, ca, subscribeAnswers = false } = options;
		if (endpoint === undefined || ca === undefined) throw new UsageError("--fleet needs --endpoint and --ca");
		const { host, port, link } = parseEndpoint(endpoint);
		if (link !== "mqtt") throw new UsageError("--fleet speaks MQTT: --endpoint mqtts://HOST:PORT");
		return await simulateFleetAt({ fleet, host, port, ca, faulty, subscribeAnswers, jobs, json });
	}
	if (jobs !== undefined) throw new UsageError("--jobs belongs to --fleet");
	const device = readDevice(options);
	return await inDirectory(options.dir, (directory) =>
		device.endpoint === undefined ? atOwnEmulator(device, directory) : atEndpoint(device, device.endpoint, directory),
	);
}

async function inDirectory<T>(directory: string | undefined, work: (directory: string) => Promise<T>): Promise<T> {
	if (directory === undefined) return await inTemporaryDirectory(work);
	mkdirSync(directory, { recursive: true });
	return await work(directory);
}

async function atEndpoint(options: DeviceOptions, endpoint: Endpoint, directory: string): Promise<number> {
	const { thing, engine, chip, codeSigningKey, reporter } = options;
	const device = await makeSimulatedDevice({ thing, engine, chip, codeSigningKey, directory, ...endpoint });
	reporter.device(device);
	device.powerOn();
	await interrupted();
	device.cutPower();
	return 0;
}

async function atOwnEmulator(options: DeviceOptions, directory: string): Promise<number> {
	const { thing, engine, chip, codeSigningKey, reporter, document } = options;
	const emulator = await startEmulator({ directory: join(directory, "emulator"), things: [thing] });
	try {
		return await runJob({ emulator, thing, directory, document, engine, chip, reporter, codeSigningKey });
	} finally {
		await emulator.close();
	}
}

/** @throws UsageError */
function readDevice(options: SimulateOptions): DeviceOptions {
	const { thing, engine, chip, codeSigningKey } = options;
	if (thing === undefined) throw new UsageError("--thing NAME for one device, or --things NUMBER for a fleet");
	try {
		checkThingName(thing);
	} catch (error) {
		throw new UsageError((error as Error).message);
	}
	if (engine === "xs" && findXs() === undefined) {
		throw new UsageError(`--engine xs: XS is not built here; ${xsCommand} builds it`);
	}
	const endpoint = readEndpoint(options);
	const reporter = options.json ? jsonReporter() : textReporter();
	return { thing, engine, chip, codeSigningKey, endpoint, document: readDocument(options), reporter };
}

/** @returns undefined for an emulator of its own @throws UsageError */
function readEndpoint(options: SimulateOptions): Endpoint | undefined {
	const { document, endpoint, ca, certificate, privateKey, subscribeAnswers } = options;
	if (endpoint === undefined) {
		if ((ca ?? certificate ?? privateKey ?? subscribeAnswers) === undefined) return undefined;
		throw new UsageError("--ca, --certificate, --private-key and --subscribe-answers belong to --endpoint");
	}
	if (document !== undefined) {
		throw new UsageError("--document is for a device with an emulator of its own: create the job at the endpoint");
	}
	if (ca === undefined || certificate === undefined || privateKey === undefined) {
		throw new UsageError("--endpoint needs --ca, --certificate and --private-key");
	}
	return { ...parseEndpoint(endpoint), files: { ca, certificate, privateKey }, subscribeAnswers };
}

function parseEndpoint(text: string): { host: string; port: number; link: LinkKind } {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	const isKnown = url?.protocol === "mqtts:" || url?.protocol === "https:";
	if (!isKnown || url.hostname === "" || (url.pathname !== "" && url.pathname !== "/")) {
		throw new UsageError(`--endpoint ${text}: write mqtts://HOST:PORT, or https://HOST:PORT for the data plane`);
	}
	const link = url.protocol === "https:" ? "https" : "mqtt";
	const usual = link === "https" ? 8443 : 8883;
	return { host: url.hostname, port: url.port === "" ? usual : Number(url.port), link };
}

/** @throws UsageError */
function readDocument({ document: path }: SimulateOptions): Record<string, unknown> | undefined {
	if (path === undefined) return undefined;
	let value: unknown;
	try {
		value = JSON.parse(readFileOf("--document", path).toString());
	} catch (error) {
		if (error instanceof UsageError) throw error;
		throw new UsageError(`--document ${path}: not JSON: ${(error as Error).message}`);
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw new UsageError(`--document ${path}: a job document is a JSON object`);
	}
	return value as Record<string, unknown>;
}
