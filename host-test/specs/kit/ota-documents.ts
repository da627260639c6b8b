import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { TestImage } from "./images.js";

/** The key whose signatures the device demands, and another. */
export const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
export const stranger = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
export const codeSigningKey = publicKey.export({ type: "spki", format: "der" });

/** From where an image comes, and in which form the document says so. */
export const SOURCES = ["HTTPS", "stream"] as const;
export const FORMS = ["ota", "afr_ota"] as const;
export type Source = (typeof SOURCES)[number];
export type Form = (typeof FORMS)[number];

export interface DocumentVariant {
	readonly source: Source;
	readonly form: Form;
	/** Members of our own form that replace those which fit the image. */
	change: Record<string, unknown>;
	/** The same for AWS's form, the file in it. */
	changeFile: Record<string, unknown>;
}

/** AWS's form of the document, as its OTA Update Manager writes it. */
function afrOta(
	document: Record<string, unknown>,
	source: Source,
	change: Record<string, unknown>,
): Record<string, unknown> {
	return {
		afr_ota: {
			protocols: [source === "HTTPS" ? "HTTP" : "MQTT"],
			...(source === "stream" && { streamname: document.streamId }),
			files: [
				{
					filepath: "/device/updates",
					filesize: document.size,
					fileid: 3,
					certfile: "/certificates/authcert.pem",
					fileType: 0,
					...(source === "HTTPS" && { update_data_url: document.url, auth_scheme: "aws.s3.presigned" }),
					"sig-sha256-ecdsa": document.signature,
					...change,
				},
			],
		},
	};
}

/** The document of the job that installs an image. */
export function otaDocument(
	{ source, form, change, changeFile }: DocumentVariant,
	published: TestImage,
	signature: string,
): Record<string, unknown> {
	const document: Record<string, unknown> = { ...published.document, signature, ...change };
	if (form === "afr_ota") return afrOta(document, source, changeFile);
	if (source === "HTTPS") delete document.streamId;
	else delete document.url;
	return document;
}

/** As `openssl dgst -sha256 -sign` does, in base64. */
export const sign = (image: Buffer, key: KeyObject) => createSign("sha256").update(image).sign(key).toString("base64");
