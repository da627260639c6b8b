import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { type Credentials, certificateDer, pkcs8Of, readCa, readCredentials } from "../device/credentials.js";
import { checkThingName } from "../emulator/base/names.js";
import { thingFiles } from "../emulator/identity/thing-files.js";
import { isAws, provisionByApi } from "./provision-api.js";
import { readCodeSigningKey } from "./sign.js";
import { UsageError } from "./usage-error.js";

export interface ProvisionOptions {
	thing: string;
	/** Optional with `api`, which tells it. */
	endpoint?: string;
	api?: string;
	dir?: string;
	ca?: string;
	certificate?: string;
	privateKey?: string;
	codeSigningKey?: string;
	subscribeAnswers?: boolean;
	wifi?: string;
	wifiPassword?: string;
	out: string;
}

const AWS_ENDPOINT = /\.iot\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/;

/**
 * `iot-jobs provision`: writes a board's credentials, endpoint and thing name into a folder, with a manifest that includes them in the
 * build. No secret is printed.
 */
export async function provision(options: ProvisionOptions): Promise<number> {
	const { thing, out } = options;
	try {
		checkThingName(thing);
	} catch (error) {
		throw new UsageError((error as Error).message);
	}
	const wifi = readWiFi(options);
	const { host, port, credentials } = await (options.api === undefined
		? fromFiles(options)
		: fromApi(options, options.api));
	checkPair(credentials);
	mkdirSync(out, { recursive: true, mode: 0o700 });
	const names = ["ca.der", "certificate.der", "private-key.der"];
	writeFileSync(join(out, "ca.der"), credentials.ca);
	writeFileSync(join(out, "certificate.der"), credentials.certificate);
	writeFileSync(join(out, "private-key.der"), credentials.privateKey, { mode: 0o600 });
	if (options.codeSigningKey !== undefined) {
		writeFileSync(join(out, "code-signing.der"), readCodeSigningKey(options.codeSigningKey));
		names.push("code-signing.der");
	}
	const { codeSigningKey, subscribeAnswers } = options;
	const manifest = {
		config: {
			thingName: thing,
			host,
			port,
			...(codeSigningKey !== undefined && { requireSignature: true }),
			...(subscribeAnswers && { subscribeAnswers }),
			...wifi,
		},
		resources: { "*": names.map((name) => `./${name.replace(/\.der$/, "")}`) },
	};
	writeFileSync(join(out, "manifest.json"), `${JSON.stringify(manifest, null, "\t")}\n`);
	for (const secret of ["private-key.der", "manifest.json"]) chmodSync(join(out, secret), 0o600); // of files from before
	const { validTo, subject } = new X509Certificate(credentials.certificate);
	process.stdout.write(`${out}: ${thing} at ${host}:${port}
  ${[...names, "manifest.json"].join(", ")}
  the certificate (${subject.replaceAll("\n", ", ")}) is valid until ${validTo}
  The key is in private-key.der${wifi === undefined ? "" : ", the Wi-Fi's password in manifest.json"}: keep the folder out of every repository.
`);
	return 0;
}

/** The password may be in the environment, since other users of the machine can read the command line. */
function readWiFi({ wifi, wifiPassword = process.env.IOT_JOBS_WIFI_PASSWORD }: ProvisionOptions) {
	if (wifi === undefined) {
		if (wifiPassword === undefined || wifiPassword === process.env.IOT_JOBS_WIFI_PASSWORD) return undefined;
		throw new UsageError("--wifi-password belongs to --wifi");
	}
	const ssidBytes = Buffer.byteLength(wifi);
	if (ssidBytes < 1 || ssidBytes > 32) throw new UsageError("--wifi: a name has 1 to 32 bytes");
	if (wifiPassword === undefined) return { wifiSsid: wifi };
	const bytes = Buffer.byteLength(wifiPassword);
	if (bytes < 8 || bytes > 63)
		throw new UsageError("--wifi-password: 8 to 63 characters; leave it out for an open network");
	return { wifiSsid: wifi, wifiPassword };
}

interface Provision {
	readonly host: string;
	readonly port: number;
	readonly credentials: Credentials;
}

function fromFiles(options: ProvisionOptions): Provision {
	if (options.endpoint === undefined) throw new UsageError("--endpoint HOST is needed, or --api URL which tells it");
	const { host, port } = parseEndpoint(options.endpoint);
	return { host, port, credentials: readAll(options, host) };
}

/** Everything local is checked before the API creates anything. */
async function fromApi(options: ProvisionOptions, url: string): Promise<Provision> {
	const { thing, dir, ca, certificate, privateKey, endpoint } = options;
	if (certificate !== undefined || privateKey !== undefined) {
		throw new UsageError("--api makes certificate and key: leave --certificate and --private-key out");
	}
	const own = endpoint === undefined ? undefined : parseEndpoint(endpoint);
	const caFile = ca ?? (dir === undefined ? undefined : join(dir, "ca.pem"));
	if (caFile === undefined && !isAws(url))
		throw new UsageError("--ca, or the emulator's --dir, is needed where --api is not AWS");
	const authority = caFile === undefined ? amazonRoot() : readCa(caFile);
	const made = await provisionByApi(url, thing);
	const credentials = {
		ca: authority,
		certificate: certificateDer(made.certificate),
		privateKey: pkcs8Of(made.privateKey),
	};
	return { ...(own ?? parseEndpoint(made.endpoint)), credentials };
}

function readAll({ thing, dir, ca, certificate, privateKey }: ProvisionOptions, host: string): Credentials {
	if (dir !== undefined) {
		if (ca !== undefined || certificate !== undefined || privateKey !== undefined) {
			throw new UsageError("--dir has the files of the emulator: leave --ca, --certificate and --private-key out");
		}
		const files = thingFiles(join(dir, "things"), thing);
		if (!existsSync(files.certificate)) {
			throw new UsageError(
				`--dir ${dir}: no certificate of ${thing}; iot-jobs emulate --dir ${dir} --thing ${thing} makes one`,
			);
		}
		return readCredentials({ ca: join(dir, "ca.pem"), ...files });
	}
	if (certificate === undefined || privateKey === undefined) {
		throw new UsageError(
			"say --dir for the emulator's directory, or --certificate and --private-key for AWS's PEM files",
		);
	}
	if (ca !== undefined) return readCredentials({ ca, certificate, privateKey });
	if (!AWS_ENDPOINT.test(host)) throw new UsageError("--ca is needed for an endpoint that is not AWS's");
	const own = readCredentials({ ca: certificate, certificate, privateKey });
	return { ...own, ca: amazonRoot() };
}

/** The CA of AWS's endpoints, Amazon Root CA 1, which comes with Node.js. */
function amazonRoot(): Buffer {
	const pem = rootCertificates.find((one) => /^CN=Amazon Root CA 1$/m.test(new X509Certificate(one).subject));
	if (pem === undefined)
		throw new Error("this Node.js has no Amazon Root CA 1: download AmazonRootCA1.pem, and name it with --ca");
	return certificateDer(pem);
}

/** A wrong key would otherwise show only as connections that the broker refuses without a reason. */
function checkPair({ certificate, privateKey }: Credentials): void {
	const key = createPublicKey(createPrivateKey({ key: Buffer.from(privateKey), format: "der", type: "pkcs8" }));
	const own = new X509Certificate(certificate).publicKey;
	if (!key.equals(own)) throw new Error("the private key is not the one of the certificate");
}

function parseEndpoint(text: string): { host: string; port: number } {
	const match = /^(?:mqtts:\/\/)?([a-zA-Z0-9.-]+)(?::(\d{1,5}))?\/?$/.exec(text);
	const port = Number(match?.[2] ?? 8883);
	if (match === null || port < 1 || port > 65_535) throw new UsageError(`--endpoint ${text}: write HOST or HOST:PORT`);
	return { host: match[1] as string, port };
}
