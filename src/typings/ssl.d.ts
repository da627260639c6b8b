/** Moddable SDK 8, modules/crypt/ssl and etc: what src/platform/tls-fence.ts needs of its TLS. Nothing of it has typings. */
declare module "ssl/session" {
	export default class Session {
		/** Keys of the server: from its ChangeCipherSpec on. */
		serverCipher: object | null;
		masterSecret: ArrayBuffer | undefined;
		/** @returns a whole record with its header, once it has come */
		readPacket(socket: object): ArrayBuffer | undefined;
		/** @returns whether it is over */
		handshake(socket: object): boolean | undefined;
		/** @returns what a record held; null once the server has closed */
		read(socket: object): Uint8Array | null | undefined;
		/** Ours: something was thrown. */
		isBroken?: boolean;
	}
}

declare module "ssl/cert" {
	export default class CertificateManager {
		/** @param chain the server's own first */
		verify(chain: readonly Uint8Array[], options: object): boolean;
		_verify(key: object, certificate: object): boolean;
	}
}

declare module "x509" {
	const X509: {
		decode(certificate: Uint8Array): object;
		decodeSPKI(certificate: Uint8Array): object;
		/** @returns what its octet string holds */
		decodeExtension(certificate: Uint8Array, id: readonly number[]): ArrayBuffer | Uint8Array | undefined;
	};
	export default X509;
}
