import type { Aedes, Client } from "aedes";
import type { Clock } from "../../clock.js";

/** AWS: 30 to 1,200 s; what is asked for beyond is taken as the nearest bound, and none as the longest. */
const KEEP_ALIVE_S = { min: 30, max: 1_200 };
/** AWS: a persistent session ends an hour after its connection. */
const SESSION_MS = 3_600_000;

/** What of a connection and of a persistent session is a matter of time: by the emulator's clock. */
export class Sessions {
	readonly #clock: Clock;
	readonly #aedes: Aedes;
	/** Connections by what stops their watch. */
	readonly #watches = new Map<Client, () => void>();
	readonly #heard = new WeakMap<Client, number>();
	/** Client ids of sessions without a connection, by what stops their end. */
	readonly #waiting = new Map<string, () => void>();

	constructor(clock: Clock, aedes: Aedes) {
		this.#clock = clock;
		this.#aedes = aedes;
	}

	/**
	 * @param keepAlive seconds, as the client asks for them
	 * @param onSilent called when nothing came for 1.5 times that
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

	/** Any packet. */
	heard(client: Client): void {
		this.#heard.set(client, this.#clock.now());
	}

	/** The connection has ended. */
	ended(client: Client): void {
		this.#watches.get(client)?.();
		this.#watches.delete(client);
	}

	/** There is a connection again. */
	resumed(clientId: string): void {
		this.#waiting.get(clientId)?.();
		this.#waiting.delete(clientId);
	}

	/** The session goes on without a connection, for an hour. */
	left(clientId: string): void {
		this.resumed(clientId);
		const end = () => {
			this.#waiting.delete(clientId);
			void this.#forget(clientId);
		};
		this.#waiting.set(clientId, this.#clock.after(SESSION_MS, end));
	}

	close(): void {
		for (const stop of [...this.#watches.values(), ...this.#waiting.values()]) stop();
		this.#watches.clear();
		this.#waiting.clear();
	}

	async #forget(id: string): Promise<void> {
		const { persistence } = this.#aedes as unknown as { persistence: Persistence };
		await persistence.cleanSubscriptions({ id });
		for await (const packet of persistence.outgoingStream({ id })) {
			await persistence.outgoingClearMessageId({ id }, packet);
		}
	}
}

/** What is used of aedes-persistence. aedes's types leave it out. */
interface Persistence {
	cleanSubscriptions(client: { id: string }): Promise<unknown>;
	outgoingStream(client: { id: string }): AsyncIterable<object>;
	outgoingClearMessageId(client: { id: string }, packet: object): Promise<unknown>;
}
