// A file by an MQTT stream, from a byte on. For FileDownload.
import Timer from "timer";
import type { JobContext } from "../agent/handler.js";
import type { StreamListener, StreamPort } from "../agent/streams.js";
import { later } from "../base/timer.js";
import { type BlockRange, BlockWindow } from "./block-window.js";
import type { StreamedFile } from "./file-document.js";
import { decodeBlock, decodeRejection, encodeBlockRequest } from "./stream-messages.js";
import type { RetryRule, Transfer, TransferListener } from "./transfer.js";

const TICK_MS = 1_000;
/** Ticks without a block, on a connection that stands, after which what is missing is asked for again. */
const PATIENCE_TICKS = 5;
/** How often it is asked for again before the stream is given up. */
const MAX_SILENCES = 3;
/** New connections without a block between them. */
const MAX_CONNECTIONS = 3;

/** The part of the file that is wanted. */
export interface FileRest {
	/** Bytes of the whole file: the job's document says them. */
	readonly size: number;
	/** The first byte that is wanted. */
	readonly from: number;
}

/** Fetches a file, or the rest of one, by an MQTT file stream over the agent's own connection. */
export class StreamTransfer implements StreamListener, Transfer {
	private readonly fileId: number;
	private readonly rest: FileRest;
	private readonly listener: TransferListener;
	/** Undefined where the agent speaks HTTPS. */
	private readonly port: StreamPort | undefined;
	private readonly blockBytes: number;
	private readonly window: BlockWindow;
	/** Blocks since the last tick. */
	private came = 0;
	/** Ticks without a block. */
	private quiet = 0;
	private silences = 0;
	/** New connections since the last block. */
	private connections = 0;
	private timer: Timer | undefined;
	private isOver = false;

	constructor(context: JobContext, { streamId, fileId }: StreamedFile, rest: FileRest, listener: TransferListener) {
		this.fileId = fileId;
		this.rest = rest;
		this.listener = listener;
		this.port = context.stream(streamId, this);
		const blockBytes = this.port?.blockBytes ?? 1;
		this.blockBytes = blockBytes;
		this.window = new BlockWindow(Math.ceil(rest.size / blockBytes), blockBytes, Math.floor(rest.from / blockBytes));
	}

	start(): void {
		if (this.port === undefined) return this.fail("file streams need an MQTT connection", "none");
		this.tickLater();
		this.listener.onStart(this.rest.from, undefined);
		this.ask();
	}

	close(): void {
		if (this.isOver) return;
		this.isOver = true;
		Timer.clear(this.timer);
		this.timer = undefined;
		this.port?.close();
	}

	// ---- what the stream calls

	block(message: Uint8Array): void {
		if (this.isOver) return;
		const block = decodeBlock(message);
		if (block === undefined) return this.listener.log("ignored: no block of a file stream");
		const { fileId, index, payload } = block;
		const { window } = this;
		if (fileId !== this.fileId || !window.wants(index)) return; // another file's, or one that comes twice
		const expected = Math.min(this.blockBytes, this.rest.size - index * this.blockBytes);
		if (payload.byteLength !== expected) {
			return this.fail(`block ${index} has ${payload.byteLength} bytes, not ${expected}: is the size right?`, "none");
		}
		this.came += 1;
		if (index === window.next) return this.take(payload);
		const gap = window.keep(index, payload);
		if (gap !== undefined) this.request(gap);
		this.ask();
	}

	rejected(message: Uint8Array): void {
		const { code, message: text } = decodeRejection(message);
		this.fail(`the stream: ${code} ${text}`, code === "InternalError" ? "retry" : "none");
	}

	online(): void {
		if (this.isOver) return;
		this.connections += 1;
		// A broker ends the connection of a client that asks for what its policy does not allow.
		if (this.connections > MAX_CONNECTIONS) {
			return this.fail("the connection is lost whenever the stream is asked for", "none");
		}
		this.quiet = 0;
		this.window.reset();
		this.ask();
	}

	/** The block whose turn it is, and those behind it that came before. */
	private take(payload: Uint8Array): void {
		const { window } = this;
		this.silences = this.connections = 0;
		for (let bytes: Uint8Array | undefined = payload; bytes !== undefined; bytes = window.advance()) {
			this.deliver(bytes);
			if (this.isOver) return;
		}
		if (!window.isDone) return this.ask();
		this.close();
		this.listener.onDone();
	}

	private deliver(payload: Uint8Array): void {
		// The first block may begin before what is wanted.
		const skip = Math.max(0, this.rest.from - this.window.next * this.blockBytes);
		try {
			this.listener.onData(skip === 0 ? payload : payload.subarray(skip));
		} catch (error) {
			this.fail(String(error), "none");
		}
	}

	/** Keeps the window full. What cannot be sent now is asked for at the next tick. */
	private ask(): void {
		for (;;) {
			const range = this.window.more();
			if (range === undefined || !this.request(range)) return;
			this.window.sent(range);
		}
	}

	private request(range: BlockRange): boolean {
		const { fileId, blockBytes } = this;
		return this.port?.get(encodeBlockRequest({ fileId, blockBytes, ...range })) ?? false;
	}

	private tickLater(): void {
		this.timer = later(this, this.tick, TICK_MS, this.listener);
	}

	private tick(): void {
		this.tickLater();
		const { came } = this;
		this.came = 0;
		if (this.port?.online === false) return this.listener.onAlive();
		if (came > 0) {
			this.quiet = 0;
			return this.window.limit(came);
		}
		this.quiet += 1;
		if (this.quiet >= PATIENCE_TICKS) this.askAgain();
		else this.ask();
	}

	private askAgain(): void {
		this.quiet = 0;
		this.silences += 1;
		if (this.silences > MAX_SILENCES) this.fail("the stream is silent", "retry");
		else this.request(this.window.lost());
	}

	private fail(error: string, rule: RetryRule): void {
		if (this.isOver) return;
		this.close();
		this.listener.onError(error, rule);
	}
}
