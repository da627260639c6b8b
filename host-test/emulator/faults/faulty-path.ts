import type { ErrorCode } from "../../../src/protocol/messages.js";
import type { Clock } from "../../clock.js";
import type { Direction, Faults } from "./faults.js";

/** Of one connection: delivers the message that `reorder` holds back, for each direction. */
export type HeldBack = Partial<Record<Direction, () => void>>;

export interface Passage {
	readonly thingName: string;
	readonly to: Direction;
	readonly topic: string;
	readonly heldBack: HeldBack;
	/** @param fault the error with which the request is to be answered */
	readonly deliver: (fault: ErrorCode | undefined) => void;
	readonly cut: () => void;
}

/** Carries out the faults on messages: both brokers let each message pass through here. */
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

	/** Delivers a message, unless a fault meets it. */
	pass({ thingName, to, topic, heldBack, deliver, cut }: Passage): void {
		const struck = this.#faults.strike(thingName, to, topic);
		const previous = heldBack[to];
		delete heldBack[to];
		switch (struck?.action) {
			case undefined:
				deliver(undefined);
				break;
			case "error":
				deliver(struck.code as ErrorCode); // `Faults.add` keeps out the codes of the control plane
				break;
			case "duplicate":
				deliver(undefined);
				deliver(undefined);
				break;
			case "delay":
				this.#after(struck.ms, () => deliver(undefined));
				break;
			case "reorder":
				this.#holdBack(heldBack, to, struck.ms, () => deliver(undefined));
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
		previous?.();
	}

	close(): void {
		for (const cancel of this.#timers) cancel();
	}

	#holdBack(heldBack: HeldBack, to: Direction, ms: number, deliver: () => void): void {
		const cancel = this.#after(ms, () => {
			delete heldBack[to];
			deliver();
		});
		heldBack[to] = () => {
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
