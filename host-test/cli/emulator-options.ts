import type { AccessKey } from "../emulator/api/signature.js";
import { type ClusterBackend, connectRedis } from "../emulator/broker/cluster.js";
import type { BrokerAddress } from "../emulator/emulator.js";
import { type Fault, readFault } from "../emulator/faults/faults.js";
import { type Policy, readPolicy } from "../emulator/identity/policy.js";
import { readSeed, type Seed } from "../emulator/seed-file.js";
import { readFileOf } from "./read-file.js";
import { UsageError } from "./usage-error.js";

/** The options of `emulate` and `broker` that are more than a number or a name: read here, each with its errors. */
export interface BrokerOptions {
	/** URL of an external broker. */
	broker?: string;
	brokerCa?: string;
	brokerCertificate?: string;
	brokerPrivateKey?: string;
	/** URL of the Redis server of a cluster. */
	redis?: string;
}

const [CA, CERTIFICATE, PRIVATE_KEY] = ["--broker-ca", "--broker-certificate", "--broker-private-key"];

/** @returns undefined for the embedded broker @throws UsageError */
export function readBroker(options: BrokerOptions): BrokerAddress | undefined {
	const { broker, brokerCa, brokerCertificate, brokerPrivateKey } = options;
	if (broker === undefined) {
		if ((brokerCa ?? brokerCertificate ?? brokerPrivateKey) === undefined) return undefined;
		throw new UsageError(`${CA}, ${CERTIFICATE} and ${PRIVATE_KEY} belong to --broker`);
	}
	if ((brokerCertificate === undefined) !== (brokerPrivateKey === undefined)) {
		throw new UsageError(`${CERTIFICATE} and ${PRIVATE_KEY} belong together`);
	}
	const certificate = readPem(CERTIFICATE, brokerCertificate);
	const privateKey = readPem(PRIVATE_KEY, brokerPrivateKey);
	const pair = certificate !== undefined && privateKey !== undefined ? { certificate, privateKey } : undefined;
	return { url: readUrl(broker), ca: readPem(CA, brokerCa), pair };
}

function readUrl(text: string): URL {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	const isBroker = url !== undefined && /^mqtts?:$/.test(url.protocol) && url.hostname !== "";
	if (!isBroker || !/^\/?$/.test(url.pathname)) {
		throw new UsageError("--broker: write mqtts://HOST:PORT, or mqtt://HOST:PORT without TLS");
	}
	// Other users of the machine can read the command line, but not the environment.
	if (url.password === "") url.password = encodeURIComponent(process.env.IOT_JOBS_BROKER_PASSWORD ?? "");
	return url;
}

function readPem(option: string, path: string | undefined): string | undefined {
	if (path === undefined) return undefined;
	const text = readFileOf(option, path).toString();
	if (!text.includes("-----BEGIN ")) throw new UsageError(`${option} ${path}: this is no PEM file`);
	return text;
}

/** @returns undefined for a broker without a cluster @throws UsageError */
export async function readCluster({ redis, broker }: BrokerOptions): Promise<ClusterBackend | undefined> {
	if (redis === undefined) return undefined;
	if (broker !== undefined) throw new UsageError("--redis is for the embedded broker: it cannot be used with --broker");
	return await connectRedis(readRedis(redis), (line) => process.stderr.write(`${line}\n`));
}

/** @throws UsageError */
export function readRedis(text: string): URL {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url?.protocol === "redis:" && url.hostname !== "") return url;
	throw new UsageError("--redis: write redis://HOST:PORT");
}

/** @param things the names that exist; undefined: any @throws UsageError */
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
			const text = readFileOf("--policy", path).toString();
			return [thingName, orUsageError(`--policy ${option}`, () => readPolicy(text))];
		}),
	);
}

/** @throws UsageError */
export function readSeedOf(path: string): Seed {
	const text = readFileOf("--seed", path).toString();
	return orUsageError(`--seed ${path}`, () => readSeed(text));
}

/** @throws UsageError */
export function readFaults(options: readonly string[]): Fault[] {
	return options.map((text) => orUsageError(`--fault ${text}`, () => readFault(text)));
}

/** @throws UsageError */
export function readAccessKey(accessKeyId: string | undefined, secret: string | undefined): AccessKey | undefined {
	// Other users of the machine can read the command line, but not the environment.
	const secretAccessKey = secret ?? process.env.IOT_JOBS_SECRET_KEY;
	if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
	if (accessKeyId === undefined) throw new UsageError("--secret-key needs --access-key");
	if (secretAccessKey === undefined) throw new UsageError("--access-key needs --secret-key, or IOT_JOBS_SECRET_KEY");
	return { accessKeyId, secretAccessKey };
}

function orUsageError<T>(option: string, read: () => T): T {
	try {
		return read();
	} catch (error) {
		throw new UsageError(`${option}: ${(error as Error).message}`);
	}
}
