/** Given back when the reason to let time stand still has gone. */
export type Hold = () => void;

export interface Clock {
	/** Milliseconds since the epoch. */
	now(): number;
	/** @returns cancels the timer */
	after(milliseconds: number, callback: () => void): () => void;
	/** Something may come from outside: virtual time must not run ahead of it. */
	hold(): Hold;
}

/** Longer delays overflow Node's timers and would fire at once. */
const LONGEST_MS = 0x7fff_ffff;

export const realClock: Clock = {
	now: () => Date.now(),
	after(milliseconds, callback) {
		const timer = setTimeout(callback, Math.min(milliseconds, LONGEST_MS));
		return () => clearTimeout(timer);
	},
	hold: () => () => undefined,
};

interface Entry {
	readonly due: number;
	readonly callback: () => void;
}

/**
 * Time for tests. It stands still while anything holds it (an open socket, a name being resolved), so that no time limit
 * fires because the host was slow; when nothing is held, it jumps to the next timer, so that no back-off is waited for.
 * `advance` moves it by hand.
 */
export class VirtualClock implements Clock {
	#now: number;
	#holds = 0;
	#scheduled = false;
	readonly #entries = new Set<Entry>();

	constructor(startMs = Date.UTC(2026, 0, 1)) {
		this.#now = startMs;
	}

	now(): number {
		return this.#now;
	}

	after(milliseconds: number, callback: () => void): () => void {
		const entry = { due: this.#now + Math.max(0, milliseconds), callback };
		this.#entries.add(entry);
		this.#schedule();
		return () => this.#entries.delete(entry);
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

	/** Lets the given time pass; what falls due runs in order, each at its own time. */
	advance(milliseconds: number): void {
		const end = this.#now + milliseconds;
		for (let next = this.#next(); next !== undefined && next.due <= end; next = this.#next()) this.#run(next);
		this.#now = end;
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
		this.#entries.delete(entry);
		this.#now = Math.max(this.#now, entry.due);
		entry.callback();
	}

	#next(): Entry | undefined {
		let next: Entry | undefined;
		for (const entry of this.#entries) if (next === undefined || entry.due < next.due) next = entry;
		return next;
	}
}
