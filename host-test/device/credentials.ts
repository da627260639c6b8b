import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

/** What a device is built with, in DER, as it lies in flash. */
export interface Credentials {
	readonly ca: Uint8Array;
	readonly certificate: Uint8Array;
	/** PKCS#8, RSA. */
	readonly privateKey: Uint8Array;
	/** The public key whose signatures on images the device trusts: SubjectPublicKeyInfo, P-256 or RSA. */
	readonly codeSigningKey?: Uint8Array | undefined;
}

/** Paths of PEM files. */
export interface CredentialFiles {
	readonly ca: string;
	readonly certificate: string;
	readonly privateKey: string;
}

/** Converts PEM files to DER. @throws with a sentence when a file is not what it should be */
export function readCredentials(files: CredentialFiles): Credentials {
	return {
		ca: readCa(files.ca),
		certificate: read(files.certificate, "the device's certificate", certificateDer),
		privateKey: read(files.privateKey, "the device's private key", privateKeyDer),
	};
}

/** @throws with a sentence when the file is not what it should be */
export const readCa = (path: string): Buffer => read(path, "the CA's certificate", certificateDer);

/** The first certificate of a PEM text as DER. */
export const certificateDer = (pem: string): Buffer => new X509Certificate(pem).raw;

/** A private key in PEM as PKCS#8 DER. */
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
