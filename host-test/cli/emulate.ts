import { join } from "node:path";
import type { AccessKey } from "../emulator/api/signature.js";
import { plainText } from "../emulator/base/plain-text.js";
import type { Emulator } from "../emulator/emulator.js";
import {
	type BrokerOptions,
	readAccessKey,
	readBroker,
	readCluster,
	readFaults,
	readPolicies,
	readSeedOf,
} from "./emulator-options.js";
import { PageServer } from "./page-server.js";
import { interrupted, startEmulator, started } from "./servers.js";
import { UsageError } from "./usage-error.js";

export interface EmulateOptions extends BrokerOptions {
	dir: string;
	thing: string[];
	host: string;
	name: string[];
	mqttPort: number;
	dataPort: number;
	controlPort: number;
	pagePort: number;
	policy: string[];
	fault: string[];
	accessKey?: string;
	secretKey?: string;
	seed?: string;
	outlive?: boolean;
	json?: boolean;
}

/** `iot-jobs emulate`: broker, Jobs service and dashboard, until SIGINT or SIGTERM. */
export async function emulate(options: EmulateOptions): Promise<number> {
	const { dir: directory, host, name: names, mqttPort, dataPort, controlPort } = options;
	const seed = options.seed === undefined ? undefined : readSeedOf(options.seed);
	const things = [...new Set([...options.thing, ...(seed?.things ?? []).map(({ name }) => name)])];
	if (things.length === 0) throw new UsageError("name at least one device: --thing NAME, or in --seed");
	const policies = readPolicies(options.policy, things);
	const faults = readFaults(options.fault);
	const accessKey = readAccessKey(options.accessKey, options.secretKey);
	const log = (line: string) => process.stderr.write(`${plainText(line)}\n`);
	const emulator = await startEmulator({
		...{ directory, things, host, names, mqttPort, dataPort, controlPort, policies, persistent: true, log },
		...{ accessKey, seed },
		broker: readBroker(options),
		cluster: await readCluster(options),
	});
	for (const fault of faults) emulator.faults.add(fault);
	const page = await startPage(emulator, options, accessKey);
	const pageUrl = `http://${host}:${page.port}/`;
	emulator.broker.on("log", log);
	const end = interrupted(options.outlive); // before the line is printed that says that all is ready
	if (options.json) process.stdout.write(`${JSON.stringify({ ...emulator.addresses, page: { url: pageUrl } })}\n`);
	else {
		process.stdout.write(explanation(emulator, pageUrl));
		report(emulator);
	}
	await end;
	await page.close();
	await emulator.close();
	return 0;
}

async function startPage(
	emulator: Emulator,
	{ dir, host, name: names, pagePort }: EmulateOptions,
	accessKey: AccessKey | undefined,
): Promise<PageServer> {
	try {
		return await started(
			PageServer.start(emulator, { directory: join(dir, "devices"), host, names, port: pagePort, accessKey }),
		);
	} catch (error) {
		await emulator.close();
		throw error;
	}
}

/** Prints a line for each connection, and for each change of an execution. */
function report({ broker, service }: Emulator): void {
	const say = (line: string) => process.stdout.write(`${plainText(line)}\n`);
	broker.on("connected", (thing, client) => say(`connected: ${thing} (${client})`));
	broker.on("disconnected", (thing, client) => say(`disconnected: ${thing} (${client})`));
	service.on("execution", (thing, { jobId, executionNumber, status, versionNumber }) =>
		say(`${jobId} #${executionNumber} on ${thing}: ${status}, version ${versionNumber}`),
	);
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
  HTTPS    ${data.url}   data plane, with a client certificate; MQTT with the ALPN name x-amzn-mqtt-ca
           ${data.url}/images/NAME serves ${imageDirectory}/NAME
  control  ${control.url}   for aws --endpoint-url
  page     ${pageUrl}   the dashboard, for a browser
  CA       ${ca}

Things
${rows.join("\n")}

Listen to the notifications of ${name} (with any client id that is not another thing's name):
  mosquitto_sub -h ${mqtt.host} -p ${mqtt.port} --cafile ${ca} \\
    --cert ${files.certificate} --key ${files.privateKey} \\
    -i ${name}-listener -q 1 -v -t '$aws/things/${name}/jobs/notify-next'

Ask for pending jobs over HTTPS, as a device without MQTT does:
  curl --cacert ${ca} --cert ${files.certificate} --key ${files.privateKey} ${data.url}/things/${name}/jobs

Create a job, and see how it goes:
  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=us-east-1
  aws iot create-job --endpoint-url ${control.url} --job-id reboot-1 \\
    --targets arn:aws:iot:us-east-1:123456789012:thing/${name} --document '{"operation": "reboot"}'
  aws iot describe-job-execution --endpoint-url ${control.url} --job-id reboot-1 --thing-name ${name}

Run a virtual device that does the job:
  npx iot-jobs simulate --thing ${name} --endpoint mqtts://${mqtt.host}:${mqtt.port} --ca ${ca} \\
    --certificate ${files.certificate} --private-key ${files.privateKey}

Ready. Ctrl-C ends the emulator.
`;
}
