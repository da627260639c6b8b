import Resource from "Resource";
import { isSigned } from "../crypto/signature.js";
import { inFlash } from "../storage/credentials.js";

/** Where the manifest flashes the public key whose images are trusted: SubjectPublicKeyInfo, DER. */
const CODE_SIGNING_KEY = "code-signing.der";

/** @returns what tells whether a file with this SHA-256 is signed by the built-in key; undefined when none was built in */
export function codeSigning(): ((digest: Uint8Array, signature: Uint8Array) => boolean) | undefined {
	if (!Resource.exists(CODE_SIGNING_KEY)) return undefined;
	const key = inFlash(CODE_SIGNING_KEY);
	return (digest, signature) => isSigned(key, digest, signature);
}
