import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { TestDevice } from "./lab.js";

/** The port to which a device has connected last, as its console says. */
export function portOf({ lines }: TestDevice): number {
	const line = lines.findLast((one) => one.startsWith("connecting to"));
	return Number(line?.split(":").at(-1));
}

/** A port whose other end is changed while a device connects again and again. */
export class Switchboard {
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();
	/** What becomes of a connection; a number is the port that it is handed on to. */
	target: number | ((socket: Socket) => void);

	private constructor(server: Server, target: Switchboard["target"]) {
		this.#server = server;
		this.target = target;
		server.on("connection", (socket) => this.#connected(socket));
	}

	static async open(target: Switchboard["target"]): Promise<Switchboard> {
		const server = createServer();
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		return new Switchboard(server, target);
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	async close(): Promise<void> {
		const closed = once(this.#server, "close");
		this.#server.close();
		for (const socket of this.#sockets) socket.destroy();
		await closed;
	}

	#connected(socket: Socket): void {
		this.#keep(socket);
		if (typeof this.target === "function") return this.target(socket);
		const other = connect(this.target, "127.0.0.1");
		this.#keep(other);
		socket.pipe(other).pipe(socket);
		socket.on("close", () => other.destroy());
		other.on("close", () => socket.destroy());
	}

	#keep(socket: Socket): void {
		this.#sockets.add(socket);
		socket.setNoDelay(true);
		socket.on("error", () => undefined);
		socket.on("close", () => this.#sockets.delete(socket));
	}
}
