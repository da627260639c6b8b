import Timer from "timer";
import type { StreamListener, StreamPort } from "../agent/streams.js";
import { later } from "../base/timer.js";
import { decodeBlock, decodeRejection, encodeBlockRequest } from "./stream-messages.js";
import { doneSoon, type RetryRule, type Transfer, type TransferListener } from "./transfer.js";

/** AWS sends at most this much for one request. */
const MAX_REQUEST_BYTES = 131_072;
/** Blocks that are on their way at once: no more than what comes in the next two seconds, so that reports are not held up. */
const FIRST_WINDOW = 32;
const MAX_WINDOW = 256;
/** Blocks that came before their turn and are kept; a window of one more loses none, in whatever order they come. */
const MAX_EARLY = 3;
/** Blocks by which the window grows with each that comes in its turn: three times as many are on their way a round trip later. */
const GROWTH = 2;
const MIN_WINDOW = MAX_EARLY + 1;
const TICK_MS = 1_000;
/** Ticks without a block, on a connection that stands, after which what is missing is asked for again. */
const PATIENCE_TICKS = 5;
/** How often it is asked for before the stream is given up. */
const MAX_SILENCES = 3;
/** New connections without a block between them. */
const MAX_CONNECTIONS = 3;

/** What is read: the size is known, from the job's document. */
export interface StreamFile {
	/** 0..255 */
	readonly fileId: number;
	/** Bytes of the file. */
	readonly size: number;
	/** The first byte that is wanted. */
	readonly from: number;
}

interface EarlyBlock {
	readonly index: number;
	readonly payload: Uint8Array;
}

/**
 * One file of an MQTT stream, or its rest, in order: many blocks are asked for at once, so that latency does not rule; blocks
 * may come out of order, twice or not at all. Ends with exactly one of onDone and onError, or with close().
 */
export class StreamTransfer implements StreamListener, Transfer {
	readonly #file: StreamFile;
	readonly #listener: TransferListener;
	readonly #port: StreamPort | undefined;
	readonly #blockBytes: number;
	/** Of the file. */
	readonly #blocks: number;
	/** The block whose turn it is. */
	#next: number;
	/** All before it were asked for. */
	#asked: number;
	#window = FIRST_WINDOW;
	#early: EarlyBlock[] = [];
	/** A gap was asked for again: nothing else is, until this block's turn has come. */
	#repairUntil = 0;
	/** Blocks since the last tick. */
	#came = 0;
	#quiet = 0;
	#silences = 0;
	/** New connections since the last block. */
	#connections = 0;
	#timer: Timer | undefined;
	#over = false;

	/** @param open opens the stream: see `JobContext.stream` */
	constructor(
		open: (listener: StreamListener) => StreamPort | undefined,
		file: StreamFile,
		listener: TransferListener,
	) {
		this.#file = file;
		this.#listener = listener;
		this.#port = open(this);
		this.#blockBytes = this.#port?.blockBytes ?? 1;
		this.#blocks = Math.ceil(file.size / this.#blockBytes);
		this.#next = this.#asked = Math.floor(file.from / this.#blockBytes);
		// Not before the constructor has returned: the listener may want to use what it returns.
		this.#timer = later(() => this.#start(), 0, listener);
	}

	block(message: Uint8Array): void {
		if (this.#over) return;
		const block = decodeBlock(message);
		if (block === undefined) return this.#listener.log("ignored: no block of a file stream");
		const { fileId, index, payload } = block;
		if (fileId !== this.#file.fileId || index < this.#next || index >= this.#blocks) return; // a repeated one, or another's
		if (payload.byteLength !== this.#lengthOf(index)) {
			const expected = this.#lengthOf(index);
			return this.#fail(`block ${index} has ${payload.byteLength} bytes, not ${expected}: is the size right?`, "none");
		}
		this.#came += 1;
		if (index === this.#next) this.#take(payload);
		else this.#keep(index, payload);
		if (!this.#over) this.#ask();
	}

	rejected(message: Uint8Array): void {
		if (this.#over) return;
		const { code, message: text } = decodeRejection(message);
		this.#fail(`the stream: ${code} ${text}`, code === "InternalError" ? "retry" : "none");
	}

	online(): void {
		if (this.#over) return;
		this.#connections += 1;
		// A broker ends the connection of who asks for what the policy does not allow.
		if (this.#connections > MAX_CONNECTIONS) {
			return this.#fail("the connection is lost whenever the stream is asked for", "none");
		}
		this.#asked = this.#next;
		this.#repairUntil = this.#quiet = 0;
		this.#window = FIRST_WINDOW;
		this.#ask();
	}

	close(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
		if (this.#over) return;
		this.#over = true;
		this.#early = [];
		this.#port?.close();
	}

	#start(): void {
		if (this.#over) return;
		if (this.#port === undefined) return this.#fail("file streams need an MQTT connection", "none");
		this.#tickLater();
		this.#listener.onStart(this.#file.from, undefined);
		if (!this.#over) this.#ask();
	}

	#lengthOf(index: number): number {
		return Math.min(this.#blockBytes, this.#file.size - index * this.#blockBytes);
	}

	/** The block whose turn it is, and those behind it that came before. */
	#take(payload: Uint8Array): void {
		this.#deliver(payload);
		while (this.#early.length > 0 && !this.#over) {
			const at = this.#early.findIndex(({ index }) => index === this.#next);
			if (at < 0) break;
			const [early] = this.#early.splice(at, 1);
			this.#deliver((early as EarlyBlock).payload);
		}
		if (this.#asked < this.#next) this.#asked = this.#next;
		if (this.#next < this.#blocks || this.#over) return;
		this.close();
		this.#timer = doneSoon(this.#listener);
	}

	#deliver(payload: Uint8Array): void {
		// The first block may begin before what is wanted.
		const skip = Math.max(0, this.#file.from - this.#next * this.#blockBytes);
		this.#next += 1;
		this.#silences = this.#connections = 0;
		this.#window = Math.min(MAX_WINDOW, this.#window + GROWTH);
		try {
			this.#listener.onData(skip === 0 ? payload : payload.subarray(skip));
		} catch (error) {
			this.#fail(String(error), "none");
		}
	}

	/** Keeps a block until its turn; of too many those that come first. */
	#keep(index: number, payload: Uint8Array): void {
		const early = this.#early;
		if (early.some((block) => block.index === index)) return;
		if (early.length === MAX_EARLY) {
			const last = early.reduce((a, b) => (a.index > b.index ? a : b));
			const dropped = Math.max(index, last.index);
			if (dropped < this.#asked) this.#asked = dropped;
			this.#window = MIN_WINDOW;
			if (dropped === index) return;
			early.splice(early.indexOf(last), 1);
		}
		early.push({ index, payload: payload.slice() });
		if (early.length === MAX_EARLY && this.#repairUntil <= this.#next) this.#repair();
	}

	/** What is missing before the last early block has most likely been lost. */
	#repair(): void {
		const last = this.#early.reduce((highest, { index }) => Math.max(highest, index), this.#next);
		this.#askMissing(Math.min(last, this.#next + MIN_WINDOW));
	}

	/** Asks again for what is missing from the block whose turn it is up to `end`, exclusive. */
	#askMissing(end: number): void {
		const first = this.#next;
		const bitmap = new Uint8Array(Math.ceil((end - first) / 8));
		let count = 0;
		for (let index = first; index < end; index += 1) {
			if (this.#early.some((block) => block.index === index)) continue;
			const at = (index - first) >> 3;
			bitmap[at] = (bitmap[at] as number) | (1 << ((index - first) & 7));
			count += 1;
		}
		this.#repairUntil = end;
		this.#request(first, count, bitmap);
	}

	/** Keeps the window full, in requests that are worth their while. */
	#ask(): void {
		if (this.#repairUntil > this.#next) return;
		for (;;) {
			const room = this.#window - (this.#asked - this.#next);
			const rest = this.#blocks - this.#asked;
			const count = Math.min(room, rest, Math.floor(MAX_REQUEST_BYTES / this.#blockBytes));
			if (count < 1 || (count < rest && room < this.#window >> 2)) return;
			if (!this.#request(this.#asked, count, undefined)) return;
			this.#asked += count;
		}
	}

	#request(first: number, count: number, bitmap: Uint8Array | undefined): boolean {
		const { fileId } = this.#file;
		return this.#port?.get(encodeBlockRequest({ fileId, blockBytes: this.#blockBytes, first, count, bitmap })) ?? false;
	}

	#tickLater(): void {
		this.#timer = later(() => this.#tick(), TICK_MS, this.#listener);
	}

	#tick(): void {
		if (this.#over) return;
		this.#tickLater();
		const came = this.#came;
		this.#came = 0;
		if (this.#port?.online === false) return this.#listener.onAlive();
		if (came > 0) {
			this.#quiet = 0;
			this.#window = Math.max(MIN_WINDOW, Math.min(this.#window, came * 2));
			return;
		}
		this.#quiet += 1;
		if (this.#quiet >= PATIENCE_TICKS) this.#silent();
		else this.#ask(); // a request that could not be sent before
	}

	#silent(): void {
		this.#quiet = 0;
		this.#silences += 1;
		if (this.#silences > MAX_SILENCES) return this.#fail("the stream is silent", "retry");
		this.#window = MIN_WINDOW;
		const end = Math.min(this.#blocks, this.#next + MIN_WINDOW);
		this.#asked = end;
		this.#askMissing(end);
	}

	#fail(reason: string, remedy: RetryRule): void {
		if (this.#over) return;
		this.close();
		this.#listener.onError(reason, remedy);
	}
}
