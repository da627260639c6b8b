import { createECDH, randomBytes, sign, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

/** RFC 5246 */
export const Message = {
	certificate: 11,
	serverKeyExchange: 12,
	serverHelloDone: 14,
	clientKeyExchange: 16,
	finished: 20,
};
const HANDSHAKE = 22;

/** What a server says below the key that it has chosen: the numbers are those of RFC 5246, clause 7.4.1.4.1. */
export interface Signature {
	readonly hash: number;
	readonly algorithm: number;
	readonly bytes: Buffer;
}

export interface Flight {
	/** PEM, the server's own first. */
	readonly chain: string;
	/** PEM: it signs. */
	readonly privateKey: string;
	/** What becomes of the right signature. */
	readonly spoil?: (right: Signature) => Signature;
	/** After the ServerHello, in place of all else. */
	readonly instead?: Buffer;
}

export const record = (type: number, body: Buffer) =>
	Buffer.concat([Buffer.of(type, 3, 3), uint(body.length, 2), body]);
export const message = (type: number, body: Buffer) => Buffer.concat([Buffer.of(type), uint(body.length, 3), body]);

/** A ServerKeyExchange for the curve P-256 (RFC 8422, clause 5.4). */
export function serverKeyExchange(point: Buffer, { hash, algorithm, bytes }: Signature): Buffer {
	return Buffer.concat([parameters(point), Buffer.of(hash, algorithm), uint(bytes.length, 2), bytes]);
}

/**
 * A server for TLS 1.2 that goes as far as its ServerHelloDone, written by hand: what it says may be wrong. Whether the client
 * believes it is seen by its ClientKeyExchange.
 */
export class HalfServer {
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();
	/** The first bytes of what clients have sent after their ClientHello: record type, message type. */
	readonly heard: [record: number, message: number][] = [];

	private constructor(flight: Flight) {
		this.#server = createServer((socket) => this.#serve(socket, flight));
	}

	static async listen(port: number, flight: Flight): Promise<HalfServer> {
		const half = new HalfServer(flight);
		half.#server.listen(port, "127.0.0.1");
		await once(half.#server, "listening");
		return half;
	}

	/** The client has answered with its own key: it takes the server for whom it says it is. */
	get believed(): boolean {
		return this.heard.some(([type, first]) => type === HANDSHAKE && first === Message.clientKeyExchange);
	}

	async close(): Promise<void> {
		const closed = once(this.#server, "close");
		this.#server.close();
		for (const socket of this.#sockets) socket.destroy();
		await closed;
	}

	#serve(socket: Socket, flight: Flight): void {
		this.#sockets.add(socket);
		let isGreeted = false;
		socket.on("error", () => undefined);
		socket.on("data", (bytes) => {
			for (let at = 0; at + 5 < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) {
				if (isGreeted) this.heard.push([bytes[at] ?? 0, bytes[at + 5] ?? 0]);
				else socket.write(answer(bytes.subarray(at + 11, at + 43), flight));
				isGreeted = true;
			}
		});
	}
}

function answer(clientRandom: Buffer, { chain, privateKey, spoil = (right) => right, instead }: Flight): Buffer {
	const random = randomBytes(32);
	// No session id; ECDHE-RSA with AES128-GCM; no compression.
	const hello = Buffer.concat([Buffer.of(3, 3), random, Buffer.of(0, 0xc0, 0x2f, 0)]);
	const first = record(HANDSHAKE, message(2, hello));
	if (instead !== undefined) return Buffer.concat([first, instead]);
	const point = createECDH("prime256v1").generateKeys();
	const bytes = sign("sha256", Buffer.concat([clientRandom, random, parameters(point)]), privateKey);
	const exchange = serverKeyExchange(point, spoil({ hash: 4, algorithm: 1, bytes }));
	return Buffer.concat([
		first,
		record(HANDSHAKE, message(Message.certificate, certificates(chain))),
		record(HANDSHAKE, message(Message.serverKeyExchange, exchange)),
		record(HANDSHAKE, message(Message.serverHelloDone, Buffer.alloc(0))),
	]);
}

function certificates(chain: string): Buffer {
	const pems = chain.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
	const list = Buffer.concat(
		pems.flatMap((pem) => {
			const { raw } = new X509Certificate(pem);
			return [uint(raw.length, 3), raw];
		}),
	);
	return Buffer.concat([uint(list.length, 3), list]);
}

function parameters(point: Buffer): Buffer {
	return Buffer.concat([Buffer.of(3, 0, 23, point.length), point]);
}

function uint(value: number, bytes: number): Buffer {
	const buffer = Buffer.alloc(bytes);
	buffer.writeUIntBE(value, 0, bytes);
	return buffer;
}
