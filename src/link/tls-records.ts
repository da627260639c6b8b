/** RFC 5246: content types (clause 6.2.1), handshake messages (7.4), signatures (7.4.1.4.1); RFC 8422, clause 5.4: a named curve. */
const CHANGE_CIPHER_SPEC = 20;
const HANDSHAKE = 22;
const HEADER_BYTES = 5;
const SERVER_HELLO = 2;
const CERTIFICATE = 11;
const SERVER_KEY_EXCHANGE = 12;
const CERTIFICATE_REQUEST = 13;
const SERVER_HELLO_DONE = 14;
const NAMED_CURVE = 3;
const SHA256 = 4;
const SHA512 = 6;
const RSA = 1;
const ECDSA = 3;

/**
 * Looks at a record that a server has sent in the clear, before the SDK's TLS does. The SDK 8.2.3 checks the signature below a
 * ServerKeyExchange only when it knows the algorithms named there (ssl_handshake.js, `if (hash && v && sig)`): who stands in
 * the path and names none would be AWS. It also takes messages out of turn: a Finished in the clear, or keys made of no secret.
 *
 * @param hasSecret both sides have agreed on one
 * @throws with what is wrong
 */
export function checkClearRecord(record: Uint8Array, hasSecret: boolean): void {
	const type = record[0];
	if (type === CHANGE_CIPHER_SPEC && hasSecret) return;
	if (type !== HANDSHAKE) throw new Error(`TLS: record ${type} (${record[5]}, ${record[6]}) in the clear`);
	let at = HEADER_BYTES;
	while (at < record.byteLength) {
		const from = at + 4;
		at = from + (((record[at + 1] ?? 0) << 16) | uint16(record, at + 2));
		if (at > record.byteLength) throw new Error("TLS: a message is cut off");
		checkMessage(record[from - 4] ?? 0, record.subarray(from, at));
	}
}

function checkMessage(type: number, body: Uint8Array): void {
	switch (type) {
		case SERVER_HELLO:
		case CERTIFICATE:
		case CERTIFICATE_REQUEST:
		case SERVER_HELLO_DONE:
			return;
		case SERVER_KEY_EXCHANGE:
			if (isSigned(body)) return;
			throw new Error("TLS: the server's key is not signed");
		default:
			throw new Error(`TLS: message ${type} in the clear`);
	}
}

/** Whether the SDK will check a signature: curve type, curve (2), point with its length; hash, algorithm, signature with its length (2). */
function isSigned(body: Uint8Array): boolean {
	const at = 4 + (body[3] ?? 0);
	const hash = body[at] ?? 0;
	const algorithm = body[at + 1];
	const length = uint16(body, at + 2);
	return (
		body[0] === NAMED_CURVE &&
		hash >= SHA256 &&
		hash <= SHA512 &&
		(algorithm === RSA || algorithm === ECDSA) &&
		length > 0 &&
		at + 4 + length === body.byteLength
	);
}

function uint16(bytes: Uint8Array, at: number): number {
	return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
