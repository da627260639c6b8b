import { createHash, createPrivateKey, createPublicKey, createSign, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { versionOf } from "../device/image.js";
import { UsageError } from "./usage-error.js";

export interface SignOptions {
	image: string;
	privateKey: string;
	url: string;
	version?: string;
}

/** `iot-jobs sign`: prints the document of a job that installs the image, with its digest and its signature. */
export async function sign({ image: path, privateKey, url, version }: SignOptions): Promise<number> {
	const image = read("--image", path);
	const key = readKey(privateKey);
	if (!/^https:\/\//.test(url) && !url.startsWith("$"))
		throw new UsageError(`--url ${url}: https://... or a placeholder`);
	const ownVersion = version ?? versionOf(image);
	if (ownVersion === undefined) throw new UsageError(`--image ${path}: no version in it; say --version`);
	const document = {
		operation: "ota",
		version: ownVersion,
		url,
		size: image.byteLength,
		sha256: createHash("sha256").update(image).digest("hex"),
		signature: createSign("sha256").update(image).sign(key).toString("base64"),
	};
	process.stdout.write(`${JSON.stringify(document, null, "\t")}\n`);
	return 0;
}

function read(option: string, path: string): Buffer {
	if (!existsSync(path)) throw new UsageError(`${option} ${path}: there is no such file`);
	return readFileSync(path);
}

function readKey(path: string): KeyObject {
	const pem = read("--private-key", path);
	let key: KeyObject;
	try {
		key = createPrivateKey(pem);
	} catch (error) {
		throw new UsageError(`--private-key ${path}: not a private key in PEM: ${(error as Error).message}`);
	}
	if (key.asymmetricKeyType !== "ec" || key.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
		throw new UsageError(
			`--private-key ${path}: the device verifies ECDSA over P-256 alone (openssl ecparam -name prime256v1 -genkey -noout)`,
		);
	}
	return key;
}

/** The public half as the device has it in flash. @throws with a sentence when the file holds none */
export function readCodeSigningKey(path: string): Uint8Array {
	const pem = read("--code-signing-key", path);
	try {
		return createPublicKey(pem).export({ type: "spki", format: "der" });
	} catch (error) {
		throw new UsageError(`--code-signing-key ${path}: not a public key in PEM: ${(error as Error).message}`);
	}
}
