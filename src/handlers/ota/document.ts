// The job documents of an update, as they are written and as they are read. For the ota handler.
import { fromBase64 } from "../../base/bytes.js";
import {
	FILE_MEMBERS,
	type FileLocation,
	isSize,
	MAX_SIGNATURE_BYTES,
	type RequestedFile,
	readFile,
	readSource,
} from "../../download/file-document.js";
import type { JobDocument } from "../../protocol/messages.js";

/**
 * The document of the `ota` operation: a firmware image, fetched over HTTPS (`url`) or over the device's own MQTT connection
 * (`streamId`); where both are given the stream is taken, and the URL if it fails.
 */
export interface OtaDocument extends FileLocation {
	operation: "ota";
	/** The new firmware's version, as the device reports it. @minLength 1 @maxLength 32 */
	version: string;
	/** The image's size in bytes. @asType integer @minimum 1 */
	size: number;
	/** The image's SHA-256. @pattern ^[0-9a-fA-F]{64}$ */
	sha256: string;
	/** Over the image's SHA-256, in base64: ECDSA P-256 in DER, or RSA PKCS #1 v1.5, as `openssl dgst -sha256 -sign` makes them. @maxLength 684 */
	signature?: string;
	/** Whether the version may be lower than the one that runs. Default false; the build may forbid it all the same. */
	allowDowngrade?: boolean;
}

/** What AWS's OTA Update Manager writes. */
export interface AfrOtaDocument extends JobDocument {
	afr_ota: {
		/** MQTT is taken where both are given. */
		protocols: ("MQTT" | "HTTP")[];
		/** For MQTT. */
		streamname?: string;
		/** One: the image. @minItems 1 @maxItems 1 */
		files: AfrOtaFile[];
	};
}

export interface AfrOtaFile {
	filepath?: string;
	/** In bytes. @asType integer @minimum 1 */
	filesize: number;
	/** @asType integer @minimum 0 @maximum 255 */
	fileid: number;
	/** Ignored: the key that is trusted is built in. */
	certfile?: string;
	fileType?: number;
	/** For HTTP. */
	update_data_url?: string;
	auth_scheme?: string;
	/** Base64 of a DER signature over the image's SHA-256. */
	"sig-sha256-ecdsa"?: string;
	"sig-sha256-rsa"?: string;
}

/** See `Handler.members`. */
export const OTA_MEMBERS =
	`${FILE_MEMBERS}version allowDowngrade afr_ota protocols streamname files filesize fileid update_data_url auth_scheme ` +
	"sig-sha256-ecdsa sig-sha256-rsa ";

export interface RequestedImage extends RequestedFile {
	/** Undefined where the document does not say. */
	readonly version: string | undefined;
	readonly allowDowngrade: boolean;
}

export function isAfrOta(document: JobDocument): boolean {
	return typeof document.afr_ota === "object" && document.afr_ota !== null;
}

/** @returns the image, or what is wrong with the document */
export function readOtaDocument(document: JobDocument): RequestedImage | string {
	if (document.operation === undefined && isAfrOta(document)) return readAfrOta(document.afr_ota as JobDocument);
	const { version } = document;
	if (typeof version !== "string" || version === "" || version.length > 32) return "version: 1 to 32 characters";
	const file = readFile(document);
	return typeof file === "string" ? file : { ...file, version, allowDowngrade: document.allowDowngrade === true };
}

function readAfrOta({ protocols, streamname, files }: JobDocument): RequestedImage | string {
	if (!Array.isArray(protocols)) return 'protocols: a list of "MQTT" and "HTTP"';
	if (!Array.isArray(files) || files.length !== 1) return "files: exactly one";
	const file: JobDocument = typeof files[0] === "object" && files[0] !== null ? files[0] : {};
	const { filesize, fileid, update_data_url, auth_scheme = PRESIGNED } = file;
	if (!isSize(filesize)) return "filesize: a whole number of bytes";
	if (auth_scheme !== PRESIGNED) return `auth_scheme: ${PRESIGNED}`;
	const address = protocols.includes("HTTP") ? update_data_url : undefined;
	const source = readSource(address, protocols.includes("MQTT") ? streamname : undefined, fileid);
	if (typeof source === "string") return `streamname, fileid, update_data_url: ${source}`;
	const signature = fromBase64(file["sig-sha256-ecdsa"] ?? file["sig-sha256-rsa"], MAX_SIGNATURE_BYTES);
	if (signature === undefined) return "files: sig-sha256-ecdsa or sig-sha256-rsa, base64 of a signature";
	const image = { ...source, size: filesize, sha256: undefined, signature, version: undefined, allowDowngrade: false };
	return { ...image, read: readOtaDocument };
}

const PRESIGNED = "aws.s3.presigned";
