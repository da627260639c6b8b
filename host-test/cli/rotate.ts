import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { readFileOf } from "./read-file.js";
import { UsageError } from "./usage-error.js";

export interface RotateOptions {
	certificate: string;
	privateKey: string;
	/** Where devices will fetch the file. */
	url?: string;
	out?: string;
}

/** `iot-jobs rotate`: prints the document of a job that replaces a device's certificate and key. Unless --url is given, it contains the key. */
export async function rotate({ certificate, privateKey, url, out }: RotateOptions): Promise<number> {
	if ((url === undefined) !== (out === undefined)) {
		throw new UsageError("--url and --out belong together: devices fetch from --url the file that is written to --out");
	}
	const { operation, ...members } = rotateDocument(
		readFileOf("--certificate", certificate).toString(),
		readFileOf("--private-key", privateKey).toString(),
	);
	if (url === undefined || out === undefined) {
		process.stdout.write(`${JSON.stringify({ operation, ...members })}\n`);
		return 0;
	}
	const file = JSON.stringify(members);
	writeFileSync(out, file, { mode: 0o600 });
	const sha256 = createHash("sha256").update(file).digest("hex");
	process.stdout.write(`${JSON.stringify({ operation, url, size: file.length, sha256 })}\n`);
	return 0;
}

/** @param certificate PEM @param privateKey PEM, as AWS gives them out @throws UsageError */
export function rotateDocument(certificate: string, privateKey: string): Record<string, string> {
	let parsed: X509Certificate;
	let key: ReturnType<typeof createPrivateKey>;
	try {
		parsed = new X509Certificate(certificate);
		key = createPrivateKey(privateKey);
	} catch (error) {
		throw new UsageError(`--certificate and --private-key: PEM files: ${(error as Error).message}`);
	}
	if (key.asymmetricKeyType !== "rsa") throw new UsageError("--private-key: the SDK's TLS can use RSA keys alone");
	if (!parsed.checkPrivateKey(key)) throw new UsageError("--private-key: it does not belong to the certificate");
	return {
		operation: "rotate-certificate",
		certificate: parsed.raw.toString("base64"),
		privateKey: key.export({ format: "der", type: "pkcs8" }).toString("base64"),
	};
}
