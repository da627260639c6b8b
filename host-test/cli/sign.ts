import { createHash, createPrivateKey, createPublicKey, createSign, type KeyObject } from "node:crypto";
import { versionOf } from "../device/image-format.js";
import { MAX_FILE_ID } from "../emulator/base/limits.js";

import { STREAM_ID } from "../emulator/base/names.js";
import { readFileOf } from "./read-file.js";
import { UsageError } from "./usage-error.js";

export interface SignOptions {
	image: string;
	privateKey: string;
	url?: string;
	stream?: string;
	fileId?: string;
	version?: string;
	/** Writes the form of AWS's OTA Update Manager. */
	afrOta?: boolean;
}

/** `iot-jobs sign`: prints the document of a job that installs the image, with its digest and its signature. */
export async function sign(options: SignOptions): Promise<number> {
	const { image: path, privateKey, url, stream, version } = options;
	const image = readFileOf("--image", path);
	const key = readKey(privateKey);
	if (url === undefined && stream === undefined)
		throw new UsageError("--url or --stream is needed: where devices fetch the image");
	if (url !== undefined && !/^https:\/\//.test(url) && !url.startsWith("$"))
		throw new UsageError(`--url ${url}: https://... or a placeholder`);
	if (stream !== undefined && !STREAM_ID.test(stream)) throw new UsageError(`--stream ${stream}: ${STREAM_ID.words}`);
	const fileId = Number(options.fileId ?? 0);
	if (!Number.isInteger(fileId) || fileId < 0 || fileId > MAX_FILE_ID)
		throw new UsageError(`--file-id ${options.fileId}: 0 to ${MAX_FILE_ID}`);
	const signature = createSign("sha256").update(image).sign(key).toString("base64");
	const source = { url, stream, fileId };
	const document = options.afrOta
		? afrOta(source, image, signature, key)
		: ota(source, image, signature, version ?? versionOf(image));
	if (document === undefined) throw new UsageError(`--image ${path}: no version in it; name it with --version`);
	process.stdout.write(`${JSON.stringify(document, null, "\t")}\n`);
	return 0;
}

interface Source {
	readonly url: string | undefined;
	readonly stream: string | undefined;
	readonly fileId: number;
}

function ota({ url, stream, fileId }: Source, image: Buffer, signature: string, version: string | undefined) {
	if (version === undefined) return undefined;
	return {
		operation: "ota",
		version,
		url,
		...(stream !== undefined && { streamId: stream, fileId }),
		size: image.byteLength,
		sha256: createHash("sha256").update(image).digest("hex"),
		signature,
	};
}

/** The document of AWS's OTA Update Manager. */
function afrOta({ url, stream, fileId }: Source, image: Buffer, signature: string, key: KeyObject) {
	return {
		afr_ota: {
			protocols: [...(stream === undefined ? [] : ["MQTT"]), ...(url === undefined ? [] : ["HTTP"])],
			streamname: stream,
			files: [
				{
					filesize: image.byteLength,
					fileid: fileId,
					...(url !== undefined && { update_data_url: url, auth_scheme: "aws.s3.presigned" }),
					[key.asymmetricKeyType === "rsa" ? "sig-sha256-rsa" : "sig-sha256-ecdsa"]: signature,
				},
			],
		},
	};
}

function readKey(path: string): KeyObject {
	const pem = readFileOf("--private-key", path);
	let key: KeyObject;
	try {
		key = createPrivateKey(pem);
	} catch (error) {
		throw new UsageError(`--private-key ${path}: not a private key in PEM: ${(error as Error).message}`);
	}
	if (!isVerified(key)) throw new UsageError(`--private-key ${path}: ${KEYS}`);
	return key;
}

const KEYS =
	"the device verifies ECDSA over P-256 (openssl ecparam -name prime256v1 -genkey -noout) and RSA of 2048 to 4096 bits";

/** Whether the device can verify what such a key signs. */
function isVerified({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): boolean {
	const { namedCurve, modulusLength = 0 } = asymmetricKeyDetails;
	if (asymmetricKeyType === "rsa") return modulusLength >= 2_048 && modulusLength <= 4_096;
	return asymmetricKeyType === "ec" && namedCurve === "prime256v1";
}

/** Reads a public key, or that of a certificate, as the device has it in flash. @throws UsageError */
export function readCodeSigningKey(path: string): Uint8Array {
	const pem = readFileOf("--code-signing-key", path);
	let key: KeyObject;
	try {
		key = createPublicKey(pem);
	} catch (error) {
		throw new UsageError(`--code-signing-key ${path}: not a public key in PEM: ${(error as Error).message}`);
	}
	if (!isVerified(key)) throw new UsageError(`--code-signing-key ${path}: ${KEYS}`);
	return key.export({ type: "spki", format: "der" });
}
