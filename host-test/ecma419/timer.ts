import { Machine } from "../machine/machine.js";

/** The SDK's `timer`. */
export default class Timer {
	readonly #machine: Machine;
	readonly #callback: (timer: Timer) => void;
	#cancel: (() => void) | undefined;
	#forget: (() => void) | undefined;

	private constructor(machine: Machine, callback: (timer: Timer) => void) {
		this.#machine = machine;
		this.#callback = callback;
	}

	static set(callback: (timer: Timer) => void, interval = 0, repeat = 0): Timer {
		const machine = Machine.current;
		machine.alive();
		const timer = new Timer(machine, callback);
		timer.#start(interval, repeat);
		return timer;
	}

	static repeat(callback: (timer: Timer) => void, interval: number): Timer {
		return Timer.set(callback, interval, interval);
	}

	static schedule(timer: Timer, interval = 0, repeat = 0): void {
		timer.#stop();
		timer.#start(interval, repeat);
	}

	static clear(timer: Timer | undefined | null): void {
		if (timer) timer.#stop();
	}

	#start(interval: number, repeat: number): void {
		this.#cancel = this.#machine.hardware.clock.after(interval, () => {
			this.#stop();
			if (repeat > 0) this.#start(repeat, repeat);
			this.#machine.enter(() => this.#callback(this));
		});
		this.#forget = this.#machine.own(() => this.#stop());
	}

	#stop(): void {
		this.#cancel?.();
		this.#forget?.();
		this.#cancel = this.#forget = undefined;
	}
}
