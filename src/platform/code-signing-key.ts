import Resource from "Resource";
import { inFlash } from "../storage/credentials.js";

/** Where the manifest flashes the public key whose images are trusted: SubjectPublicKeyInfo, DER, P-256. */
const CODE_SIGNING_KEY = "code-signing.der";

/** @returns undefined when none was built in */
export function codeSigningKey(): Uint8Array | undefined {
	return Resource.exists(CODE_SIGNING_KEY) ? inFlash(CODE_SIGNING_KEY) : undefined;
}
