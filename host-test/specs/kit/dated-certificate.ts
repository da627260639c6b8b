import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { Pki } from "../../emulator/identity/pki.js";
import { keyDirectory } from "./lab.js";

const ALGORITHM = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

/** A certificate of the emulator's CA for 127.0.0.1, as good as the server's own but for its dates. */
export async function serverValid(notBefore: Date, notAfter: Date): Promise<{ cert: string; key: string }> {
	const pki = await Pki.open(keyDirectory);
	const { privateKey: key } = await pki.server([]);
	const { subtle } = webcrypto;
	const der = (path: string) => x509.PemConverter.decodeFirst(readFileSync(join(keyDirectory, path), "utf8"));
	const signingKey = await subtle.importKey("pkcs8", der("ca-key.pem"), ALGORITHM, false, ["sign"]);
	const own = new x509.X509Certificate(readFileSync(join(keyDirectory, "server.pem"), "utf8"));
	const certificate = await x509.X509CertificateGenerator.create({
		serialNumber: "0102",
		subject: "CN=odd",
		issuer: new x509.X509Certificate(pki.ca).subject,
		notBefore,
		notAfter,
		signingAlgorithm: ALGORITHM,
		publicKey: own.publicKey,
		signingKey: signingKey as never,
		extensions: [new x509.SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }])],
	});
	return { cert: `${certificate.toString("pem")}\n${pki.ca}`, key };
}
