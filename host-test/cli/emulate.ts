import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AccessKey } from "../emulator/api/signature.js";
import { Emulator, type EmulatorOptions } from "../emulator/emulator.js";
import { type Fault, readFault } from "../emulator/faults/faults.js";
import { type Policy, readPolicy } from "../emulator/identity/policy.js";
import { type BrokerOptions, readBroker, readCluster } from "./broker-options.js";
import { PageServer } from "./page-server.js";
import { UsageError } from "./usage-error.js";

export interface EmulateOptions extends BrokerOptions {
	dir: string;
	thing: string[];
	host: string;
	mqttPort: number;
	dataPort: number;
	controlPort: number;
	pagePort: number;
	policy: string[];
	fault: string[];
	accessKey?: string;
	secretKey?: string;
	json?: boolean;
}

/** `iot-jobs emulate`: runs until SIGINT or SIGTERM. */
export async function emulate(options: EmulateOptions): Promise<number> {
	if (options.thing.length === 0) throw new UsageError("name at least one device: --thing NAME");
	const policies = readPolicies(options.policy, options.thing);
	const faults = options.fault.map(readFaultOption);
	const emulator = await startEmulator({
		directory: options.dir,
		things: options.thing,
		host: options.host,
		mqttPort: options.mqttPort,
		dataPort: options.dataPort,
		controlPort: options.controlPort,
		policies,
		persistent: true,
		accessKey: readAccessKey(options),
		broker: readBroker(options),
		cluster: await readCluster(options),
		log: (line) => process.stderr.write(`${line}\n`),
	});
	for (const fault of faults) emulator.faults.add(fault);
	const page = await orClose(
		emulator,
		PageServer.start(emulator, join(options.dir, "devices"), options.host, options.pagePort),
	);
	const pageUrl = `http://${options.host}:${page.port}/`;
	emulator.broker.on("log", (line) => process.stderr.write(`${line}\n`));
	const end = interrupted(); // from before the line is printed that says that all is ready
	if (options.json) process.stdout.write(`${JSON.stringify({ ...emulator.addresses, page: { url: pageUrl } })}\n`);
	else {
		process.stdout.write(explanation(emulator, pageUrl));
		emulator.broker.on("connected", (thing, client) => process.stdout.write(`connected: ${thing} (${client})\n`));
		emulator.broker.on("disconnected", (thing, client) => process.stdout.write(`disconnected: ${thing} (${client})\n`));
		emulator.service.on("execution", (thing, { jobId, executionNumber, status, versionNumber }) =>
			process.stdout.write(`${jobId} #${executionNumber} on ${thing}: ${status}, version ${versionNumber}\n`),
		);
	}
	await end;
	await page.close();
	await emulator.close();
	return 0;
}

/** On the command line everybody on the machine can read the secret; the environment is the operator's own. */
function readAccessKey({
	accessKey,
	secretKey = process.env.IOT_JOBS_SECRET_KEY,
}: EmulateOptions): AccessKey | undefined {
	if (accessKey === undefined && secretKey === undefined) return undefined;
	if (accessKey === undefined) throw new UsageError("--secret-key needs --access-key");
	if (secretKey === undefined) throw new UsageError("--access-key needs --secret-key, or IOT_JOBS_SECRET_KEY");
	return { accessKeyId: accessKey, secretAccessKey: secretKey };
}

/** @param things the names that there are; undefined: any */
export function readPolicies(
	options: readonly string[],
	things: readonly string[] | undefined,
): Record<string, Policy> {
	return Object.fromEntries(
		options.map((option) => {
			const [, thingName = "", path = ""] = /^([^=]+)=(.+)$/.exec(option) ?? [];
			if (thingName === "" || things?.includes(thingName) === false) {
				throw new UsageError(`--policy ${option}: write NAME=FILE, with a name that --thing has`);
			}
			if (!existsSync(path)) throw new UsageError(`--policy ${option}: there is no such file`);
			try {
				return [thingName, readPolicy(readFileSync(path, "utf8"))];
			} catch (error) {
				throw new UsageError(`--policy ${option}: ${(error as Error).message}`);
			}
		}),
	);
}

/** @throws UsageError */
export function readFaultOption(text: string): Fault {
	try {
		return readFault(text);
	} catch (error) {
		throw new UsageError(`--fault ${text}: ${(error as Error).message}`);
	}
}

async function orClose<T>(emulator: Emulator, starting: Promise<T>): Promise<T> {
	try {
		return await inWords(starting);
	} catch (error) {
		await emulator.close();
		throw error;
	}
}

export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
	return await inWords(Emulator.start(options));
}

/** What goes wrong when servers start, in words that say what to do. */
export async function inWords<T>(starting: Promise<T>): Promise<T> {
	try {
		return await starting;
	} catch (error) {
		const { code, port, address, message } = error as NodeJS.ErrnoException & { port?: number; address?: string };
		if (code === "EADDRINUSE") throw new Error(`port ${port} is in use; choose another one, or 0 for any that is free`);
		if (code === "EADDRNOTAVAIL") throw new Error(`${address} is no address of this machine`);
		if (code === "EACCES") throw new Error(`not allowed: ${message}`);
		throw error;
	}
}

/** @returns when the person, or the system, asks to end */
export async function interrupted(): Promise<void> {
	await new Promise<void>((resolve) => {
		process.once("SIGINT", () => resolve());
		process.once("SIGTERM", () => resolve());
	});
}

function explanation({ addresses, imageDirectory }: Emulator, pageUrl: string): string {
	const { mqtt, data, control, ca, things } = addresses;
	const [name, files] = Object.entries(things)[0] as [string, { certificate: string; privateKey: string }];
	const rows = Object.entries(things).map(
		([thing, { certificate, privateKey }]) =>
			`  ${thing}\n    certificate  ${certificate}\n    private key  ${privateKey}`,
	);
	return `AWS IoT Jobs, on this machine.

  MQTT     ${mqtt.host}:${mqtt.port}   mutual TLS
  HTTPS    ${data.url}   the data plane, for who shows a certificate; with ALPN x-amzn-mqtt-ca it is MQTT
           ${data.url}/images/NAME serves ${imageDirectory}/NAME
  control  ${control.url}   for aws --endpoint-url
  page     ${pageUrl}   what happens, in a browser
  CA       ${ca}

Things
${rows.join("\n")}

Hear what ${name} is told (any client id but another thing's name):
  mosquitto_sub -h ${mqtt.host} -p ${mqtt.port} --cafile ${ca} \\
    --cert ${files.certificate} --key ${files.privateKey} \\
    -i ${name}-listener -q 1 -v -t '$aws/things/${name}/jobs/notify-next'

Ask over HTTPS, as a device without MQTT does:
  curl --cacert ${ca} --cert ${files.certificate} --key ${files.privateKey} ${data.url}/things/${name}/jobs

Create a job, and look at it:
  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=us-east-1
  aws iot create-job --endpoint-url ${control.url} --job-id reboot-1 \\
    --targets arn:aws:iot:us-east-1:123456789012:thing/${name} --document '{"operation": "reboot"}'
  aws iot describe-job-execution --endpoint-url ${control.url} --job-id reboot-1 --thing-name ${name}

Run a virtual device that does it:
  npx iot-jobs simulate --thing ${name} --endpoint mqtts://${mqtt.host}:${mqtt.port} --ca ${ca} \\
    --certificate ${files.certificate} --private-key ${files.privateKey}

Ctrl-C ends it.
`;
}
