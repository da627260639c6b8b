/** Blocks on their way at once, at first. */
const FIRST_WINDOW = 32;
const MAX_WINDOW = 256;
/** Out-of-order blocks kept in RAM. A window of MAX_EARLY + 1 never drops one, in whatever order its blocks come. */
const MAX_EARLY = 3;
const MIN_WINDOW = MAX_EARLY + 1;
/** Blocks by which the window grows with each that comes in its turn: after a round trip it is three times as wide. */
const GROWTH = 2;
/** AWS sends at most this much for one request. */
const MAX_REQUEST_BYTES = 131_072;

/** Blocks to ask for. */
export interface BlockRange {
	/** The number of the first one, from 0. */
	readonly first: number;
	/** How many; together at most 128 KB. */
	readonly count: number;
	/** Bit i, least significant first, asks for block `first + i`; without it all are. */
	readonly bitmap: Uint8Array | undefined;
}

interface EarlyBlock {
	readonly index: number;
	readonly payload: Uint8Array;
}

/**
 * Decides which blocks of a file `StreamTransfer` asks for, and puts those that come into their order: a block may come early,
 * twice or not at all. Many are on their way at once, so that the time is the bandwidth's and not the round trip's. It keeps
 * no clock and sends nothing itself.
 */
export class BlockWindow {
	/** The block whose turn it is. */
	next: number;
	/** Blocks of the file. */
	private readonly blocks: number;
	private readonly maxCount: number;
	/** All blocks before this one were asked for. */
	private asked: number;
	private width = FIRST_WINDOW;
	private early: EarlyBlock[] = [];
	/** A gap was asked for again: nothing else is, until this block's turn has come. */
	private repairedUntil = 0;

	/** @param first the first block that is wanted */
	constructor(blocks: number, blockBytes: number, first: number) {
		this.blocks = blocks;
		this.maxCount = Math.floor(MAX_REQUEST_BYTES / blockBytes);
		this.next = this.asked = first;
	}

	get isDone(): boolean {
		return this.next >= this.blocks;
	}

	/** Whether a block of this number may still be of use. */
	wants(index: number): boolean {
		return index >= this.next && index < this.blocks;
	}

	/** The block whose turn it was was used. @returns the payload of the one behind it, if that has come before */
	advance(): Uint8Array | undefined {
		this.next += 1;
		if (this.asked < this.next) this.asked = this.next;
		this.width = Math.min(MAX_WINDOW, this.width + GROWTH);
		const at = this.find(this.next);
		return at < 0 ? undefined : this.early.splice(at, 1)[0]?.payload;
	}

	/**
	 * Keeps a copy of a block until its turn; where there are too many, the first ones.
	 *
	 * @returns a gap before it that is to be asked for again: its blocks have most likely been lost
	 */
	keep(index: number, payload: Uint8Array): BlockRange | undefined {
		const { early } = this;
		if (this.find(index) >= 0) return undefined;
		if (early.length === MAX_EARLY) {
			const last = this.last();
			const dropped = Math.max(index, last);
			if (dropped < this.asked) this.asked = dropped;
			this.width = MIN_WINDOW;
			if (dropped === index) return undefined;
			early.splice(this.find(last), 1);
		}
		early.push({ index, payload: payload.slice() });
		if (early.length < MAX_EARLY || this.repairedUntil > this.next) return undefined;
		return this.missing(Math.min(this.last(), this.next + MIN_WINDOW));
	}

	/** The blocks to ask for next. @returns undefined while enough are on their way, or too few to be worth a request */
	more(): BlockRange | undefined {
		if (this.repairedUntil > this.next) return undefined;
		const room = this.width - (this.asked - this.next);
		const rest = this.blocks - this.asked;
		const count = Math.min(room, rest, this.maxCount);
		if (count < 1 || (count < rest && room < this.width >> 2)) return undefined;
		return { first: this.asked, count, bitmap: undefined };
	}

	/** The request for what `more` named was sent. */
	sent({ first, count }: BlockRange): void {
		this.asked = first + count;
	}

	/** So many came in the last second: no more are asked for than come in two, or the agent's reports would be held up. */
	limit(came: number): void {
		this.width = Math.max(MIN_WINDOW, Math.min(this.width, came * 2));
	}

	/** Nothing has come for long, so what was asked for is lost. @returns the first blocks that are missing */
	lost(): BlockRange {
		const end = Math.min(this.blocks, this.next + MIN_WINDOW);
		this.width = MIN_WINDOW;
		this.asked = end;
		return this.missing(end);
	}

	/** There is a new connection: what was asked for over the one before will not come. */
	reset(): void {
		this.asked = this.next;
		this.repairedUntil = 0;
		this.width = FIRST_WINDOW;
	}

	/** What has not come from the block whose turn it is up to `end`, exclusive. */
	private missing(end: number): BlockRange {
		const first = this.next;
		const bitmap = new Uint8Array(Math.ceil((end - first) / 8));
		let count = 0;
		for (let index = first; index < end; index += 1) {
			if (this.find(index) >= 0) continue;
			const at = (index - first) >> 3;
			bitmap[at] = (bitmap[at] as number) | (1 << ((index - first) & 7));
			count += 1;
		}
		this.repairedUntil = end;
		return { first, count, bitmap };
	}

	/** Where an early block is kept, or -1. */
	private find(index: number): number {
		const { early } = this;
		let at = early.length - 1;
		while (at >= 0 && early[at]?.index !== index) at -= 1;
		return at;
	}

	/** The last of the early blocks. */
	private last(): number {
		const { early } = this;
		let last = this.next;
		for (let at = 0; at < early.length; at += 1) last = Math.max(last, early[at]?.index ?? 0);
		return last;
	}
}
