import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { record } from "./handshake.js";

const APPLICATION_DATA = 23;

/**
 * Stands between a client and its server, and passes on what they say. While it `spoils`, it puts a record behind the server's
 * first one of application data, in the same segment, that no key has made.
 */
export class Spoiler {
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();
	spoils = true;
	/** How many records it has put in. */
	spoiled = 0;

	private constructor(to: number) {
		this.#server = createServer((client) => this.#serve(client, connect(to, "127.0.0.1")));
	}

	static async listen(port: number, to: number): Promise<Spoiler> {
		const spoiler = new Spoiler(to);
		spoiler.#server.listen(port, "127.0.0.1");
		await once(spoiler.#server, "listening");
		return spoiler;
	}

	async close(): Promise<void> {
		const closed = once(this.#server, "close");
		this.#server.close();
		for (const socket of this.#sockets) socket.destroy();
		await closed;
	}

	#serve(client: Socket, server: Socket): void {
		for (const [socket, other] of [
			[client, server],
			[server, client],
		] as const) {
			this.#sockets.add(socket);
			socket.setNoDelay();
			socket.on("error", () => undefined);
			socket.on("close", () => other.destroy());
		}
		client.on("data", (bytes) => server.write(bytes));
		let come = Buffer.alloc(0);
		let isSpoiled = false;
		server.on("data", (bytes) => {
			come = Buffer.concat([come, bytes]);
			for (let size = sizeOf(come); size <= come.length; size = sizeOf(come)) {
				const first = come.subarray(0, size);
				come = come.subarray(size);
				const spoil = this.spoils && !isSpoiled && first[0] === APPLICATION_DATA;
				client.write(spoil ? Buffer.concat([first, record(APPLICATION_DATA, randomBytes(64))]) : first);
				if (!spoil) continue;
				isSpoiled = true;
				this.spoiled += 1;
			}
		});
	}
}

/** Of the record that begins here, or of more than has come. */
function sizeOf(come: Buffer): number {
	return come.length < 5 ? Number.POSITIVE_INFINITY : 5 + come.readUInt16BE(3);
}
