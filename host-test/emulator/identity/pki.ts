import "reflect-metadata";
import { createHash, X509Certificate as NodeCertificate, webcrypto } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { privateFiles, privateFolder } from "../base/private-files.js";
import { type PairFiles, thingFiles } from "./thing-files.js";

x509.cryptoProvider.set(webcrypto as never);

/** RSA only, since the SDK's TLS does not support elliptic curve keys. */
const ALGORITHM = {
	name: "RSASSA-PKCS1-v1_5",
	hash: "SHA-256",
	publicExponent: new Uint8Array([1, 0, 1]),
	modulusLength: 2048,
};
const TEN_YEARS_MS = 10 * 365 * 24 * 3_600_000;
/** How far a device's clock may be behind: a certificate made just now is valid already. */
const SLACK_MS = 24 * 3_600_000;

export interface Pair {
	/** PEM */
	readonly certificate: string;
	/** PEM, PKCS#8 */
	readonly privateKey: string;
}

interface Authority {
	readonly certificate: x509.X509Certificate;
	readonly privateKey: webcrypto.CryptoKey;
}

/**
 * The emulator's certificate authority, kept in a directory and made on first use. Clients trust `ca.pem`; the certificates of
 * things are in `things/`, the server's is beside the CA's.
 */
export class Pki {
	readonly directory: string;
	readonly #authority: Authority;

	private constructor(directory: string, authority: Authority) {
		this.directory = directory;
		this.#authority = authority;
	}

	static async open(directory: string): Promise<Pki> {
		privateFolder(join(directory, "things"));
		const files = { certificate: join(directory, "ca.pem"), privateKey: join(directory, "ca-key.pem") };
		if (existsSync(files.certificate) && existsSync(files.privateKey)) {
			const privateKey = await importKey(readFileSync(files.privateKey, "utf8"));
			const certificate = new x509.X509Certificate(readFileSync(files.certificate, "utf8"));
			return new Pki(directory, { certificate, privateKey });
		}
		const keys = await generateKeys();
		const certificate = await x509.X509CertificateGenerator.createSelfSigned({
			serialNumber: serialNumber(),
			name: "CN=iot-jobs emulator CA",
			...validity(),
			signingAlgorithm: ALGORITHM,
			keys: keys as never,
			extensions: [
				new x509.BasicConstraintsExtension(true, undefined, true),
				new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
				await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as never),
				// Its own key: the TLS of the Moddable SDK refuses a chain whose CA has none.
				await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey as never),
			],
		});
		writePair(files, { certificate: `${certificate.toString("pem")}\n`, privateKey: await exportKey(keys.privateKey) });
		return new Pki(directory, { certificate, privateKey: keys.privateKey });
	}

	/** The CA's certificate, PEM. */
	get ca(): string {
		return `${this.#authority.certificate.toString("pem")}\n`;
	}

	get caFile(): string {
		return join(this.directory, "ca.pem");
	}

	/**
	 * The server's key and its chain. The chain includes the CA, since the SDK's TLS refuses a single certificate. It is made
	 * again when it is not valid for all the names.
	 *
	 * @param hosts names and addresses of the server
	 */
	async server(hosts: readonly string[]): Promise<Pair> {
		const names = [...new Set(["localhost", "127.0.0.1", ...hosts])];
		const files = {
			certificate: join(this.directory, "server.pem"),
			privateKey: join(this.directory, "server-key.pem"),
		};
		const found = readPair(files);
		if (found !== undefined && names.every((name) => isGoodFor(found.certificate, name))) return found;
		const pair = await this.#issue("CN=iot-jobs emulator", [
			new x509.SubjectAlternativeNameExtension(
				names.map((value) => ({ type: isIP(value) ? ("ip" as const) : ("dns" as const), value })),
			),
			new x509.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.1"]),
		]);
		const chained = { ...pair, certificate: pair.certificate + this.ca };
		writePair(files, chained);
		return chained;
	}

	/** Where a thing's certificate and key are, once it has some. */
	filesOf(thingName: string): PairFiles {
		return thingFiles(join(this.directory, "things"), thingName);
	}

	/** A thing's certificate and key, and their files. Made on first use. */
	async thing(thingName: string): Promise<Pair & { files: PairFiles }> {
		const files = this.filesOf(thingName);
		const found = readPair(files);
		if (found !== undefined) return { ...found, files };
		const pair = await this.#issue(`CN=${thingName}`, [new x509.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.2"])]);
		writePair(files, pair);
		return { ...pair, files };
	}

	/** The certificate with which the service connects to an external broker. Made on first use. */
	async service(name: string): Promise<Pair> {
		const files = {
			certificate: join(this.directory, "service.pem"),
			privateKey: join(this.directory, "service-key.pem"),
		};
		const found = readPair(files);
		if (found !== undefined) return found;
		const pair = await this.issueForDevice(name);
		writePair(files, pair);
		return pair;
	}

	/** Certificates for many things, in memory, with one key for all: making a key takes 0.1 s. */
	async *fleet(thingNames: Iterable<string>): AsyncGenerator<Pair & { readonly thingName: string }> {
		const keys = await generateKeys();
		const privateKey = await exportKey(keys.privateKey);
		for (const thingName of thingNames) {
			const certificate = await this.#certify(`CN=${thingName}`, keys.publicKey, [
				new x509.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.2"]),
			]);
			yield { thingName, certificate, privateKey };
		}
	}

	/** @param request PEM, PKCS #10 @returns the certificate, PEM @throws when it is no request that its own key has signed */
	async issueForRequest(request: string): Promise<string> {
		const parsed = new x509.Pkcs10CertificateRequest(request);
		if (!(await parsed.verify())) throw new Error("its signature is not of its key");
		const { subject, publicKey } = parsed;
		return await this.#certify(subject, publicKey, [new x509.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.2"])]);
	}

	/** A client certificate that is not attached to a thing yet. */
	async issueForDevice(name: string): Promise<Pair> {
		return await this.#issue(`CN=${name}`, [new x509.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.2"])]);
	}

	async #issue(subject: string, extensions: x509.Extension[]): Promise<Pair> {
		const keys = await generateKeys();
		return {
			certificate: await this.#certify(subject, keys.publicKey, extensions),
			privateKey: await exportKey(keys.privateKey),
		};
	}

	/** @returns PEM */
	async #certify(
		subject: string,
		publicKey: webcrypto.CryptoKey | x509.PublicKey,
		extensions: x509.Extension[],
	): Promise<string> {
		const { certificate: issuer, privateKey: signingKey } = this.#authority;
		const certificate = await x509.X509CertificateGenerator.create({
			serialNumber: serialNumber(),
			subject,
			issuer: issuer.subject,
			...validity(),
			signingAlgorithm: ALGORITHM,
			publicKey: publicKey as never,
			signingKey: signingKey as never,
			extensions: [
				new x509.BasicConstraintsExtension(false, undefined, true),
				new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
				await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
				await x509.SubjectKeyIdentifierExtension.create(publicKey as never),
				...extensions,
			],
		});
		return `${certificate.toString("pem")}\n`;
	}
}

/** AWS's certificate id: the SHA-256 of the certificate's DER, in lower-case hexadecimal. */
export function certificateId(certificate: string | Uint8Array): string {
	const der = typeof certificate === "string" ? new NodeCertificate(certificate).raw : certificate;
	return createHash("sha256").update(der).digest("hex");
}

function isGoodFor(certificate: string, name: string): boolean {
	const parsed = new NodeCertificate(certificate);
	if (Date.parse(parsed.validTo) < Date.now() + SLACK_MS) return false;
	return (isIP(name) ? parsed.checkIP(name) : parsed.checkHost(name)) !== undefined;
}

function validity(): { notBefore: Date; notAfter: Date } {
	const now = Date.now();
	return { notBefore: new Date(now - SLACK_MS), notAfter: new Date(now + TEN_YEARS_MS) };
}

function serialNumber(): string {
	return `01${Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString("hex")}`;
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
	return (await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
	const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key));
	const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
	return `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
	const der = x509.PemConverter.decodeFirst(pem);
	return await webcrypto.subtle.importKey("pkcs8", der, ALGORITHM, true, ["sign"]);
}

function readPair(files: PairFiles): Pair | undefined {
	if (!existsSync(files.certificate) || !existsSync(files.privateKey)) return undefined;
	return { certificate: readFileSync(files.certificate, "utf8"), privateKey: readFileSync(files.privateKey, "utf8") };
}

function writePair(files: PairFiles, pair: Pair): void {
	writeFileSync(files.privateKey, pair.privateKey, { mode: 0o600 });
	privateFiles(files.privateKey); // the mode is only of a file that was not there
	writeFileSync(files.certificate, pair.certificate);
}
