import type { ErrorCode } from "../../../src/protocol/messages.js";
import type { Clock } from "../../clock.js";
import type { Direction, Faults } from "./faults.js";

/** Of one connection: a message that waits for the next one of its direction. See `reorder`. */
export type Late = Partial<Record<Direction, () => void>>;

export interface Passage {
	readonly thingName: string;
	readonly to: Direction;
	readonly topic: string;
	readonly late: Late;
	/** @param fault the error with which a request has to be answered */
	readonly deliver: (fault: ErrorCode | undefined) => void;
	readonly cut: () => void;
}

/** The way of messages through a broker, where faults meet them. */
export class FaultyPath {
	readonly #faults: Faults;
	readonly #clock: Clock;
	readonly #restart: (what: "broker" | "service") => void;
	readonly #timers = new Set<() => void>();

	constructor(faults: Faults, clock: Clock, restart: (what: "broker" | "service") => void) {
		this.#faults = faults;
		this.#clock = clock;
		this.#restart = restart;
	}

	/** Hands a message on, unless a fault meets it. */
	pass({ thingName, to, topic, late, deliver, cut }: Passage): void {
		const struck = this.#faults.strike(thingName, to, topic);
		const before = late[to];
		delete late[to];
		switch (struck?.action) {
			case undefined:
				deliver(undefined);
				break;
			case "error":
				deliver(struck.code as ErrorCode); // what is not of the device's API was not added
				break;
			case "duplicate":
				deliver(undefined);
				deliver(undefined);
				break;
			case "delay":
				this.#after(struck.ms, () => deliver(undefined));
				break;
			case "reorder":
				this.#later(late, to, struck.ms, () => deliver(undefined));
				break;
			case "cut":
				cut();
				break;
			case "restart-broker":
				this.#restart("broker");
				break;
			case "restart-service":
				this.#restart("service");
				break;
			case "lose":
				break;
		}
		before?.();
	}

	close(): void {
		for (const cancel of this.#timers) cancel();
	}

	#later(late: Late, to: Direction, ms: number, deliver: () => void): void {
		const cancel = this.#after(ms, () => {
			delete late[to];
			deliver();
		});
		late[to] = () => {
			cancel();
			deliver();
		};
	}

	#after(ms: number, callback: () => void): () => void {
		const cancel = this.#clock.after(ms, () => {
			this.#timers.delete(cancel);
			callback();
		});
		this.#timers.add(cancel);
		return () => {
			this.#timers.delete(cancel);
			cancel();
		};
	}
}
