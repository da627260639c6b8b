import Resource from "Resource";

/** Where the manifest flashes the public key whose images are trusted: SubjectPublicKeyInfo, DER, P-256. */
const CODE_SIGNING_KEY = "code-signing.der";

/** @returns undefined when none was built in */
export function codeSigningKey(): Uint8Array | undefined {
	return Resource.exists(CODE_SIGNING_KEY) ? new Uint8Array(new Resource(CODE_SIGNING_KEY).slice(0)) : undefined;
}
