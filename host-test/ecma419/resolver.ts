import { lookup } from "node:dns";
import { Machine } from "./machine.js";

interface Request {
	host: string;
	onResolved: (host: string, address: string) => void;
	onError: (error?: unknown) => void;
}

/** `embedded:network/dns/resolver/udp`, by the host's own resolver. */
export default class Resolver {
	readonly #machine = Machine.current;
	#closed = false;

	resolve({ host, onResolved, onError }: Request): void {
		this.#machine.alive();
		const release = this.#machine.hold();
		lookup(host, { family: 4 }, (error, address) => {
			release();
			if (this.#closed) return;
			this.#machine.enter(() => (error ? onError() : onResolved(host, address)));
		});
	}

	close(): void {
		this.#closed = true;
	}
}
