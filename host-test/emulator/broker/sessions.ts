import type { Aedes, Client } from "aedes";
import type { Clock } from "../../clock.js";
import { deleteSession } from "./aedes-internals.js";

/** AWS takes a keep-alive outside of 30 to 1,200 s as the nearest bound, and 0 as 1,200 s. */
const KEEP_ALIVE_S = { min: 30, max: 1_200 };
/** AWS: a persistent session expires an hour after its connection has ended. */
const SESSION_MS = 3_600_000;

/** Keep-alive of connections and expiry of persistent sessions, by the emulator's clock. aedes would use the machine's. */
export class Sessions {
	readonly #clock: Clock;
	readonly #aedes: Aedes;
	/** Cancels the keep-alive timer of a connection. */
	readonly #watches = new Map<Client, () => void>();
	readonly #heard = new WeakMap<Client, number>();
	/** Cancels the expiry of a session without a connection, by client id. */
	readonly #expiries = new Map<string, () => void>();

	constructor(clock: Clock, aedes: Aedes) {
		this.#clock = clock;
		this.#aedes = aedes;
	}

	/**
	 * Starts the keep-alive timer of a connection.
	 *
	 * @param keepAlive seconds, from the CONNECT
	 * @param onSilent called when no packet came for 1.5 times the keep-alive
	 */
	watch(client: Client, keepAlive: number, onSilent: (seconds: number) => void): void {
		const seconds =
			keepAlive === 0 ? KEEP_ALIVE_S.max : Math.max(KEEP_ALIVE_S.min, Math.min(KEEP_ALIVE_S.max, keepAlive));
		const silence = seconds * 1_500;
		const watch = (delay: number) => {
			this.#watches.set(
				client,
				this.#clock.after(delay, () => {
					const left = (this.#heard.get(client) ?? 0) + silence - this.#clock.now();
					if (left > 0) return watch(left);
					this.#watches.delete(client);
					onSilent(seconds);
				}),
			);
		};
		this.heard(client);
		watch(silence);
	}

	/** A packet came. */
	heard(client: Client): void {
		this.#heard.set(client, this.#clock.now());
	}

	/** The connection has ended. */
	ended(client: Client): void {
		this.#watches.get(client)?.();
		this.#watches.delete(client);
	}

	/** A client is connected: its session does not expire. */
	resumed(clientId: string): void {
		this.#expiries.get(clientId)?.();
		this.#expiries.delete(clientId);
	}

	/** A client with a persistent session has disconnected: the session expires in an hour. */
	left(clientId: string): void {
		this.resumed(clientId);
		const end = () => {
			this.#expiries.delete(clientId);
			deleteSession(this.#aedes, clientId).catch(() => undefined); // the next connection finds an old session
		};
		this.#expiries.set(clientId, this.#clock.after(SESSION_MS, end));
	}

	close(): void {
		for (const stop of [...this.#watches.values(), ...this.#expiries.values()]) stop();
		this.#watches.clear();
		this.#expiries.clear();
	}
}
