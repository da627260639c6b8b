import { lookup } from "node:dns";
import { Machine } from "../machine/machine.js";

interface Request {
	host: string;
	onResolved: (host: string, address: string) => void;
	onError: (error?: unknown) => void;
}

/** `embedded:network/dns/resolver/udp`, by the host's own resolver. */
export default class Resolver {
	readonly #machine = Machine.current;
	readonly #servers: readonly string[];
	#closed = false;

	/** @throws without name servers or a socket class, since ECMA-419 requires both */
	constructor({ servers, socket }: { servers?: readonly string[]; socket?: { io?: unknown } }) {
		if (!servers?.length || socket?.io === undefined) throw new TypeError("resolver: servers and socket.io are needed");
		this.#servers = servers;
	}

	resolve({ host, onResolved, onError }: Request): void {
		this.#machine.alive();
		this.#machine.hardware.asks(this.#servers);
		const release = this.#machine.hold();
		lookup(host, { family: 4 }, (error, address) => {
			release();
			if (this.#closed) return;
			const isLost = error !== null || !this.#machine.online;
			this.#machine.enter(() => (isLost ? onError() : onResolved(host, address)));
		});
	}

	close(): void {
		this.#closed = true;
	}
}
