// What the SDK's TLS lacks: two checks, and an end once one has failed. The body of this module runs when it is preloaded, at
// build time: the SDK's classes are frozen afterwards, and nothing of this takes RAM.
import Certificates from "ssl/cert";
import Session from "ssl/session";
import X509 from "x509";
import type { GuardedSocket } from "../link/guards.js";
import { checkClearRecord } from "../link/tls-records.js";

const BASIC_CONSTRAINTS = Object.freeze([2, 5, 29, 19], true);

const { readPacket } = Session.prototype;
Session.prototype.readPacket = function (socket) {
	const record = readPacket.call(this, socket);
	if (record !== undefined && !this.serverCipher) checkClearRecord(new Uint8Array(record), !!this.masterSecret);
	return record;
};

/**
 * The SDK's TLS socket decrypts the second record of a segment in a timer of its own (tlssocket.js, `read`): what is thrown there
 * would abort the machine. The socket's owner is told (`guardedSocket`), and nothing more is taken from a server that failed.
 */
function fenced<T>(method: (socket: GuardedSocket) => T) {
	return function (this: Session, socket: GuardedSocket): T | undefined {
		if (this.isBroken) return undefined;
		try {
			return method.call(this, socket);
		} catch (error) {
			if (!socket.failed) throw error;
			this.isBroken = true;
			socket.failed(error);
			return undefined;
		}
	};
}
Session.prototype.handshake = fenced(Session.prototype.handshake);
Session.prototype.read = fenced(Session.prototype.read);

/**
 * The SDK 8.2.3 goes on to the next certificate when one is not signed by the one behind it (ssl_cert.js, `verify`): a leaf that
 * anybody made counts when a genuine certificate follows. And it does not ask whether a certificate may sign others.
 */
const { verify } = Certificates.prototype;
Certificates.prototype.verify = function (chain, options) {
	for (let i = 1; i < chain.length; i += 1) {
		const issuer = chain[i] as Uint8Array;
		if (!maySign(issuer)) return false;
		if (!this._verify(X509.decodeSPKI(issuer), X509.decode(chain[i - 1] as Uint8Array))) return false;
	}
	return verify.call(this, chain, options);
};

/** RFC 5280, clause 4.2.1.9: a sequence that begins with `cA`, true. */
function maySign(certificate: Uint8Array): boolean {
	const extension = X509.decodeExtension(certificate, BASIC_CONSTRAINTS);
	if (!extension) return false;
	const bytes = new Uint8Array(extension);
	return bytes[2] === 1 && bytes[3] === 1 && bytes[4] !== 0;
}
