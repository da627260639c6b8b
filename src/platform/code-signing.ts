import Resource from "Resource";
import { isSigned } from "../crypto/signature.js";

/** Where the manifest flashes the public key whose images are trusted: SubjectPublicKeyInfo, DER. */
const CODE_SIGNING_KEY = "code-signing.der";

/** @returns what tells whether a file with this SHA-256 is signed by the built-in key; undefined when none was built in */
export function codeSigning(): ((digest: Uint8Array, signature: Uint8Array) => boolean) | undefined {
	if (!Resource.exists(CODE_SIGNING_KEY)) return undefined;
	const key = new Uint8Array(new Resource(CODE_SIGNING_KEY).slice(0));
	return (digest, signature) => isSigned(key, digest, signature);
}
