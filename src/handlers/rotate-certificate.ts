import { Digest } from "crypt";
import type { Handler, Job, JobContext } from "../agent/handler.js";
import { toHex } from "../agent/hex.js";
import type { JobDocument } from "../agent/messages.js";
import { writeCredentials } from "../platform/credentials.js";
import { fromBase64 } from "./base64.js";
import { after, begins, contentOf, RSA_ALGORITHM } from "./der.js";
import { type TrialOptions, TrialSteps } from "./trial-steps.js";

/**
 * The document of the `rotate-certificate` operation: `iot-jobs rotate` writes it. The new certificate counts once the device has
 * connected with it and the Jobs service has answered; until then the old one is kept, and comes back.
 */
export interface RotateCertificateDocument extends JobDocument {
	operation: "rotate-certificate";
	/** X.509, DER in base64. @maxLength 2736 */
	certificate: string;
	/** RSA, PKCS #8, DER in base64. @maxLength 3284 */
	privateKey: string;
}

const MAX_CERTIFICATE_BYTES = 2_048;
const MAX_KEY_BYTES = 2_460;

/** `{"operation": "rotate-certificate", ...}`: another certificate and key, in a second slot. */
export class RotateCertificateHandler implements Handler {
	readonly operation = "rotate-certificate";
	readonly #steps: TrialSteps;

	constructor(options: TrialOptions) {
		this.#steps = new TrialSteps(options);
	}

	start(job: Job, context: JobContext): void {
		const certificate = fromBase64(job.document.certificate, MAX_CERTIFICATE_BYTES);
		const privateKey = fromBase64(job.document.privateKey, MAX_KEY_BYTES);
		if (certificate === undefined || contentOf(certificate, 0x30) === undefined) {
			return context.reject("invalidDocument", { error: "certificate: DER in base64" });
		}
		const modulus = privateKey && modulusOf(privateKey);
		if (privateKey === undefined || modulus === undefined) {
			return context.reject("invalidDocument", { error: "privateKey: RSA, PKCS #8, DER in base64" });
		}
		if (!contains(certificate, modulus)) {
			return context.reject("invalidDocument", { error: "the key does not belong to the certificate" });
		}
		this.#steps.start(context, (trial) => writeCredentials(trial, certificate, privateKey));
	}

	boot(context: JobContext, checkpoint: Uint8Array): void {
		this.#steps.boot(context, checkpoint);
	}

	resume(job: Job, context: JobContext, checkpoint: Uint8Array): void {
		const certificate = fromBase64(job.document.certificate, MAX_CERTIFICATE_BYTES) ?? new Uint8Array(0);
		this.#steps.resume(context, checkpoint, { certificateId: idOf(certificate) }, () => this.start(job, context));
	}

	cancel(): void {
		this.#steps.cancel();
	}
}

/** AWS's name of a certificate: the SHA-256 of its DER. */
function idOf(certificate: Uint8Array): string {
	const digest = new Digest("SHA256");
	digest.write(certificate);
	return toHex(new Uint8Array(digest.close()));
}

/** PrivateKeyInfo (RFC 5208): version, algorithm, and in an octet string RSAPrivateKey: version, modulus, ... */
function modulusOf(key: Uint8Array): Uint8Array | undefined {
	const info = contentOf(key, 0x30);
	const version = info && contentOf(info, 0x02);
	const algorithm = info && version && after(info, version);
	if (algorithm === undefined || !begins(algorithm, RSA_ALGORITHM)) return undefined;
	const octets = contentOf(algorithm.subarray(RSA_ALGORITHM.length), 0x04);
	const rsa = octets && contentOf(octets, 0x30);
	const rsaVersion = rsa && contentOf(rsa, 0x02);
	return rsa && rsaVersion && contentOf(after(rsa, rsaVersion), 0x02);
}

/** The certificate has the key's modulus in it, as the public key that it certifies. */
function contains(bytes: Uint8Array, part: Uint8Array): boolean {
	for (let at = 0; at + part.byteLength <= bytes.byteLength; at += 1) {
		let i = 0;
		while (i < part.byteLength && bytes[at + i] === part[i]) i += 1;
		if (i === part.byteLength) return true;
	}
	return false;
}
