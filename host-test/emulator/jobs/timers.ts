import type { Clock } from "../../clock.js";
import type { Milliseconds } from "../base/time.js";

/** The service's timers, each under a name: a new one replaces the old one of that name. */
export class Timers {
	readonly #clock: Clock;
	/** What cancels them. */
	readonly #running = new Map<string, () => void>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** @param due with undefined there is no timer of that name any more */
	set(name: string, due: Milliseconds | undefined, callback: () => void): void {
		this.#running.get(name)?.();
		this.#running.delete(name);
		if (due === undefined) return;
		const fire = () => {
			this.#running.delete(name);
			// The clock has a longest delay (24 days) and comes early after it.
			if (this.#clock.now() < due) this.set(name, due, callback);
			else callback();
		};
		this.#running.set(name, this.#clock.after(Math.max(0, due - this.#clock.now()), fire));
	}

	close(): void {
		for (const cancel of this.#running.values()) cancel();
		this.#running.clear();
	}
}
