import TinyQueue from "tinyqueue";

/** Lets time go on again: see `Clock.hold`. */
export type Hold = () => void;

/** Time for everything on the host: the machine's own (`realClock`), or a test's (`VirtualClock`). */
export interface Clock {
	/** Milliseconds since the epoch. */
	now(): number;
	/** @returns cancels the timer */
	after(milliseconds: number, callback: () => void): () => void;
	/** Says that something may still come from outside. Virtual time stands still meanwhile. */
	hold(): Hold;
}

/** Longer delays overflow Node's timers and would fire at once. */
const LONGEST_MS = 0x7fff_ffff;

/**
 * The machine's time as it was when the process began, and from there what has passed. Whoever sets the machine's clock
 * meanwhile neither ends nor prolongs a timer, whose due time is one of this clock. While a machine sleeps nothing passes.
 */
export const realClock: Clock = {
	now: () => Math.floor(performance.timeOrigin + performance.now()),
	after(milliseconds, callback) {
		const timer = setTimeout(callback, Math.min(milliseconds, LONGEST_MS));
		return () => clearTimeout(timer);
	},
	hold: () => () => undefined,
};

interface Entry {
	readonly due: number;
	/** Timers that are due at the same time run in the order in which they were set. */
	readonly order: number;
	/** Undefined once the timer was cancelled. The entry leaves the queue when its turn comes. */
	callback: (() => void) | undefined;
}

/** A turn of the event loop in which there is next to nothing to do takes less. */
const IDLE_TURN_MS = 1;

/**
 * Time for tests. While anything holds it (an open socket, a name that is resolved) it stands still: no time limit fires
 * because the host is slow. When nothing holds it, it jumps to the next timer: no test waits for a back-off. `advance` moves
 * it by hand.
 */
export class VirtualClock implements Clock {
	#now: number;
	#holds = 0;
	#scheduled = false;
	#asked = 0;
	readonly #entries = new TinyQueue<Entry>([], (a, b) => a.due - b.due || a.order - b.order);

	constructor(startMs = Date.UTC(2026, 0, 1)) {
		this.#now = startMs;
	}

	now(): number {
		return this.#now;
	}

	after(milliseconds: number, callback: () => void): () => void {
		this.#asked += 1;
		const entry: Entry = { due: this.#now + Math.max(0, milliseconds), order: this.#asked, callback };
		this.#entries.push(entry);
		this.#schedule();
		return () => {
			entry.callback = undefined;
		};
	}

	hold(): Hold {
		let held = true;
		this.#holds += 1;
		return () => {
			if (!held) return;
			held = false;
			this.#holds -= 1;
			this.#schedule();
		};
	}

	/** Lets so much time pass. Timers run in the order in which they fall due, each at its own time. */
	advance(milliseconds: number): void {
		const end = this.#now + milliseconds;
		for (let next = this.#next(); next !== undefined && next.due <= end; next = this.#next()) this.#run(next);
		this.#now = end;
	}

	/**
	 * Lets time pass until the event: `stepMs` with each idle turn of the event loop, so that time does not overtake work that is
	 * under way, however much of it there is.
	 */
	async passUntil<T>(event: Promise<T>, stepMs = 10): Promise<T> {
		let over = false;
		const end = () => {
			over = true;
		};
		event.then(end, end);
		while (!over) {
			const from = performance.now();
			await new Promise((resolve) => setImmediate(resolve));
			if (performance.now() - from < IDLE_TURN_MS) this.advance(stepMs);
		}
		return await event;
	}

	#schedule(): void {
		if (this.#scheduled) return;
		this.#scheduled = true;
		setImmediate(() => {
			this.#scheduled = false;
			const next = this.#next();
			if (next === undefined || (next.due > this.#now && this.#holds > 0)) return;
			this.#run(next);
			this.#schedule();
		});
	}

	#run(entry: Entry): void {
		const { callback } = entry;
		entry.callback = undefined;
		this.#now = Math.max(this.#now, entry.due);
		callback?.();
	}

	#next(): Entry | undefined {
		for (let next = this.#entries.peek(); next !== undefined; next = this.#entries.peek()) {
			if (next.callback !== undefined) return next;
			this.#entries.pop();
		}
		return undefined;
	}
}
