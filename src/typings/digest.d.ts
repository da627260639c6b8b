export {};

/** What modules/crypt/digest/modCrypt.c of the Moddable SDK takes beside what the SDK's typings/crypt.d.ts declares. */
declare module "crypt" {
	interface Digest {
		write(message: Uint8Array): void;
		/** @param more whether the digest goes on: the value is that of all that was written so far */
		close(more: boolean): ArrayBuffer;
	}
}
