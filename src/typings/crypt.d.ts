/** Moddable SDK, modules/crypt/digest. @moddable/typings 5.6.0 lacks it. */
declare module "crypt" {
	export class Digest {
		constructor(name: "MD5" | "SHA1" | "SHA224" | "SHA256" | "SHA384" | "SHA512");
		write(data: ArrayBuffer | Uint8Array | string): void;
		/** @returns the digest; the object is spent */
		close(): ArrayBuffer;
	}
}
