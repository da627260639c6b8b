import type { Faults } from "../emulator/faults/faults.js";
import type { Fault } from "./types.js";

/** The faults of an emulator that are active. */
export class FaultList {
	readonly #faults: Faults;

	/** @internal */
	constructor(faults: Faults) {
		this.#faults = faults;
	}

	/** @returns the fault's id */
	add(fault: Fault): string {
		return this.#faults.arm(fault);
	}

	/** In the order in which messages are matched against them. `struck`: how many it has met. */
	list(): (Fault & { readonly id: string; readonly struck: number })[] {
		return this.#faults.list();
	}

	/** @returns false when there is no such fault */
	remove(id: string): boolean {
		return this.#faults.remove(id);
	}

	clear(): void {
		this.#faults.clear();
	}
}
