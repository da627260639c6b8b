// What the device proves itself with: built in, or brought by a rotate-certificate job. For the network and that job's handler.

import Resource from "Resource";
import { Digest } from "crypt";
import { equalBytes } from "../base/bytes.js";
import type { TwoVersions } from "./two-versions.js";

/** The storage's domain for credentials that a `rotate-certificate` job has brought. */
export const CREDENTIALS = "iot-credentials";
const CERTIFICATE_KEY = "cert";
const PRIVATE_KEY_KEY = "key";
/** SHA-256 of the certificate that was built in when the pair came: a device that was flashed with another has a new identity. */
const BUILT_IN_KEY = "built-in";

/** Resources in which the manifest flashes the built-in ones: DER, the key as PKCS #8, RSA. */
const CA = "ca.der";
const CERTIFICATE = "certificate.der";
const PRIVATE_KEY = "private-key.der";

/** In memory, or in flash. The typings of the SDK have no class `Resource`, those of npm have. */
export type Der = ArrayBuffer | InstanceType<typeof Resource>;

/** What the device proves itself with: DER, the key as PKCS #8, RSA. Those that were built in stay in flash: TLS reads them there. */
export interface Credentials {
	readonly certificate: Der;
	readonly privateKey: Der;
}

/** The certificate authority that servers are checked against. It stays in flash. */
export function readCa(): Der {
	return new Resource(CA);
}

/** Those of this boot. @param versions undefined for a device whose credentials are never rotated */
export function readCredentials(versions: TwoVersions | undefined): Credentials {
	const booted = versions?.booted;
	const certificate = versions?.read(CERTIFICATE_KEY, booted);
	const privateKey = versions?.read(PRIVATE_KEY_KEY, booted);
	if (certificate !== undefined && privateKey !== undefined && isOfThisIdentity(versions?.read(BUILT_IN_KEY, booted))) {
		return { certificate: certificate.buffer as ArrayBuffer, privateKey: privateKey.buffer as ArrayBuffer };
	}
	return { certificate: new Resource(CERTIFICATE), privateKey: new Resource(PRIVATE_KEY) };
}

/** For the next candidate. @throws when the storage failed */
export function writeCredentials(versions: TwoVersions, certificate: Uint8Array, privateKey: Uint8Array): void {
	versions.write(CERTIFICATE_KEY, certificate);
	versions.write(PRIVATE_KEY_KEY, privateKey);
	versions.write(BUILT_IN_KEY, digestOfBuiltIn());
}

/** @param builtIn undefined with a pair that came before this was kept */
function isOfThisIdentity(builtIn: Uint8Array | undefined): boolean {
	return builtIn === undefined || equalBytes(builtIn, digestOfBuiltIn());
}

function digestOfBuiltIn(): Uint8Array {
	const digest = new Digest("SHA256");
	digest.write(new Resource(CERTIFICATE).slice(0));
	return new Uint8Array(digest.close());
}
