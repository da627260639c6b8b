import type { Clock } from "../../clock.js";
import { MINUTE_MS, type Milliseconds } from "../base/time.js";

/** How long after it failed a timer is tried again: a disk may be full only for a while. */
const AGAIN_MS = MINUTE_MS;

/** The service's timers, each under a name: a new one replaces the old one of that name. */
export class Timers {
	readonly #clock: Clock;
	readonly #failed: (name: string, error: unknown) => void;
	/** What cancels them. */
	readonly #running = new Map<string, () => void>();

	/** @param failed is told what a timer has thrown, which would end the process */
	constructor(clock: Clock, failed: (name: string, error: unknown) => void) {
		this.#clock = clock;
		this.#failed = failed;
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
			else this.#run(name, callback);
		};
		this.#running.set(name, this.#clock.after(Math.max(0, due - this.#clock.now()), fire));
	}

	#run(name: string, callback: () => void): void {
		try {
			callback();
		} catch (error) {
			this.#failed(name, error);
			this.set(name, this.#clock.now() + AGAIN_MS, callback);
		}
	}

	close(): void {
		for (const cancel of this.#running.values()) cancel();
		this.#running.clear();
	}
}
