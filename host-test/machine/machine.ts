import type { Hold } from "../clock.js";
import type { Hardware, Operation } from "./hardware.js";
import { Station } from "./station.js";

/** Thrown out of every platform call once the power is off, so that nothing happens after it. */
export class PowerCut extends Error {
	constructor() {
		super("the power was cut");
	}
}

/** What the agent may have put into its global object. */
interface AbortHook {
	readonly abort?: (message: string, exception: unknown) => unknown;
}

let current: Machine | undefined;

/**
 * One boot of a device: its RAM, timers and sockets, which all go when it ends. The SDK's modules in `ecma419/` serve any
 * number of devices in one process: whatever they call back runs inside `enter`, and so `Machine.current` is the device
 * whose code is running.
 */
export class Machine {
	readonly hardware: Hardware;
	readonly station: Station;
	#dead = false;
	readonly #resources = new Set<() => void>();

	constructor(hardware: Hardware) {
		this.hardware = hardware;
		this.station = new Station(hardware, (callback) => this.enter(callback));
	}

	static get current(): Machine {
		if (current === undefined) throw new Error("a platform module was used outside of a machine");
		return current;
	}

	/** Whether the device has a network. */
	get online(): boolean {
		return this.hardware.accessPoints === undefined || this.station.joined !== undefined;
	}

	get dead(): boolean {
		return this.#dead;
	}

	/** Runs a callback of the agent. An exception that it throws ends the machine, as it does on XS. */
	enter(callback: () => void): void {
		if (this.#dead) return;
		const before = current;
		current = this;
		try {
			callback();
		} catch (error) {
			// The SDK's abort hook, when nobody caught it: see src/platform/reset-reason.ts.
			if (!this.#dead) (globalThis as AbortHook).abort?.("unhandled exception", error);
			this.abort(error);
		} finally {
			current = before;
		}
	}

	/** Every platform call begins with this. @throws PowerCut when the machine has ended */
	alive(): void {
		if (this.#dead) throw new PowerCut();
	}

	operation(kind: Operation, perform: (torn: boolean) => void): void {
		this.alive();
		this.hardware.operation(kind, perform);
		this.alive();
	}

	/** Registers what must be released when the machine ends: a socket, a timer. @returns forgets it */
	own(release: () => void): () => void {
		this.#resources.add(release);
		return () => this.#resources.delete(release);
	}

	hold(): Hold {
		return this.hardware.clock.hold();
	}

	/** The power goes, or a reset comes. */
	kill(): void {
		if (this.#dead) return;
		this.#dead = true;
		this.station.close();
		for (const release of [...this.#resources]) release();
		this.#resources.clear();
	}

	/** A reset that the agent asked for: it does not return. */
	restart(detail: string): never {
		this.kill();
		this.hardware.ended("restart", detail);
		throw new PowerCut();
	}

	/** After an exception that nobody caught, or full memory: XS ends the machine. */
	abort(error: unknown): void {
		if (this.#dead) return;
		const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
		this.hardware.trace(`XS abort: unhandled exception: ${detail}\n`);
		this.kill();
		this.hardware.ended("abort", detail);
	}
}
