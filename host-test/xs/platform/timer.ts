import { call, register, unregister } from "./host.js";
import { Op } from "./protocol.js";

export default class Timer {
	private id = 0;
	private repeat = 0;
	private readonly callback: (timer: Timer) => void;

	private constructor(callback: (timer: Timer) => void) {
		this.callback = callback;
	}

	static set(callback: (timer: Timer) => void, interval = 0, repeat = 0): Timer {
		const timer = new Timer(callback);
		timer.start(interval, repeat);
		return timer;
	}

	static repeat(callback: (timer: Timer) => void, interval: number): Timer {
		return Timer.set(callback, interval, interval);
	}

	static schedule(timer: Timer, interval = 0, repeat = 0): void {
		Timer.clear(timer);
		timer.start(interval, repeat);
	}

	static clear(timer: Timer | undefined | null): void {
		if (!timer || timer.id === 0) return;
		call(Op.timerClear, timer.id);
		unregister(timer.id);
		timer.id = 0;
	}

	event(): void {
		unregister(this.id);
		this.id = 0;
		if (this.repeat > 0) this.start(this.repeat, this.repeat);
		this.callback(this);
	}

	private start(interval: number, repeat: number): void {
		this.repeat = repeat;
		this.id = register(this);
		call(Op.timerSet, this.id, interval);
	}
}
