/** Moddable SDK 8, typings/crypt.d.ts. @moddable/typings 5.6.0 lacks it. */
declare module "crypt" {
	export class Digest {
		constructor(type: "MD5" | "SHA1" | "SHA224" | "SHA256" | "SHA384" | "SHA512");
		write(message: string | ArrayBuffer): void;
		/** @returns the digest; the object is spent */
		close(): ArrayBuffer;
	}
}
