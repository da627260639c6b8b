import { existsSync, readFileSync } from "node:fs";
import { type ClusterBackend, connectRedis } from "../emulator/broker/cluster.js";
import type { BrokerAddress } from "../emulator/emulator.js";
import { UsageError } from "./usage-error.js";

/** Of `iot-jobs emulate`: a broker that runs elsewhere, in place of the embedded one. */
export interface BrokerOptions {
	broker?: string;
	brokerCa?: string;
	brokerCertificate?: string;
	brokerPrivateKey?: string;
	/** Or others beside the embedded one. */
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
	// On the command line everybody on the machine can read it; the environment is the operator's own.
	if (url.password === "") url.password = encodeURIComponent(process.env.IOT_JOBS_BROKER_PASSWORD ?? "");
	return url;
}

function readPem(option: string, path: string | undefined): string | undefined {
	if (path === undefined) return undefined;
	if (!existsSync(path)) throw new UsageError(`${option} ${path}: there is no such file`);
	const text = readFileSync(path, "utf8");
	if (!text.includes("-----BEGIN ")) throw new UsageError(`${option} ${path}: this is no PEM file`);
	return text;
}

/** @returns undefined for a broker alone @throws UsageError */
export async function readCluster({ redis, broker }: BrokerOptions): Promise<ClusterBackend | undefined> {
	if (redis === undefined) return undefined;
	if (broker !== undefined) throw new UsageError("--redis is for the embedded broker, and --broker for another one");
	return await connectRedis(readRedis(redis), (line) => process.stderr.write(`${line}\n`));
}

/** @throws UsageError */
export function readRedis(text: string): URL {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url?.protocol === "redis:" && url.hostname !== "") return url;
	throw new UsageError("--redis: write redis://HOST:PORT");
}
