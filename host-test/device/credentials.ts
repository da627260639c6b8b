import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { certificateDer } from "../emulator/identity/pki.js";
import type { Credentials } from "./virtual-device.js";

export interface CredentialFiles {
	readonly ca: string;
	readonly certificate: string;
	readonly privateKey: string;
}

/** PEM files as a device has them in flash. @throws with a sentence when a file is not what it should be */
export function readCredentials(files: CredentialFiles): Credentials {
	return {
		ca: readCa(files.ca),
		certificate: read(files.certificate, "the device's certificate", certificateDer),
		privateKey: read(files.privateKey, "the device's private key", privateKeyDer),
	};
}

/** @throws with a sentence when the file is not what it should be */
export const readCa = (path: string): Buffer => read(path, "the CA's certificate", certificateDer);

/** PEM to DER, as the device has it. */
export const pkcs8Of = (pem: string): Buffer => createPrivateKey(pem).export({ format: "der", type: "pkcs8" });

function privateKeyDer(pem: string): Buffer {
	const key = createPrivateKey(pem);
	if (key.asymmetricKeyType !== "rsa")
		throw new Error(
			`it is ${key.asymmetricKeyType === "ec" ? "an elliptic curve" : `a(n) ${key.asymmetricKeyType}`} key, and the SDK's TLS can use RSA keys alone`,
		);
	return key.export({ format: "der", type: "pkcs8" });
}

function read(path: string, what: string, toDer: (pem: string) => Buffer): Buffer {
	let pem: string;
	try {
		pem = readFileSync(path, "utf8");
	} catch {
		throw new Error(`${path}: ${what} cannot be read there`);
	}
	try {
		return toDer(pem);
	} catch (error) {
		throw new Error(`${path}: not ${what} in PEM: ${error instanceof Error ? error.message : String(error)}`);
	}
}
