import Resource from "Resource";
import type { TwoVersions } from "./two-versions.js";

/** The storage's domain of the credentials that a `rotate-certificate` job has brought. */
export const CREDENTIALS = "iot-credentials";
const CERTIFICATE_KEY = "cert";
const PRIVATE_KEY_KEY = "key";

/** The names under which the manifest flashes the first ones: DER, the key as PKCS#8, RSA. */
const CA = "ca.der";
const CERTIFICATE = "certificate.der";
const PRIVATE_KEY = "private-key.der";

/** What the device shows and signs with: DER, the key as PKCS#8, RSA. */
export interface Credentials {
	readonly certificate: ArrayBuffer;
	readonly privateKey: ArrayBuffer;
}

export function readCa(): ArrayBuffer {
	return new Resource(CA).slice(0);
}

/** Those that count in this boot. @param trial undefined for a device whose credentials stay what they were made with */
export function readCredentials(trial: TwoVersions | undefined): Credentials {
	const certificate = trial?.read(CERTIFICATE_KEY);
	const privateKey = trial?.read(PRIVATE_KEY_KEY);
	if (certificate !== undefined && privateKey !== undefined) {
		return { certificate: certificate.buffer as ArrayBuffer, privateKey: privateKey.buffer as ArrayBuffer };
	}
	return { certificate: new Resource(CERTIFICATE).slice(0), privateKey: new Resource(PRIVATE_KEY).slice(0) };
}

/** @throws when the storage failed */
export function writeCredentials(trial: TwoVersions, certificate: Uint8Array, privateKey: Uint8Array): void {
	trial.write(CERTIFICATE_KEY, certificate);
	trial.write(PRIVATE_KEY_KEY, privateKey);
}
