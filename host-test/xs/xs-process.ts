import { type ChildProcess, spawn } from "node:child_process";

/** The sizes of an XS machine's heaps. */
export interface Heaps {
	/** Bytes. */
	readonly chunks: number;
	readonly slots: number;
	/** Slots. */
	readonly stack: number;
}

/** `creation` of the default ESP32 target: build/devices/esp32/targets/nodemcu/manifest.json of the Moddable SDK 8.2.3. */
export const CHIP_HEAPS: Heaps = { chunks: 78_848, slots: 4_928, stack: 512 };

/** Memory and work of the machine, reported whenever it is idle. */
export interface Sample {
	readonly slots: number;
	readonly peakSlots: number;
	readonly chunks: number;
	readonly peakChunks: number;
	readonly collections: number;
	/** Slots of the stack in use. */
	readonly stack: number;
	readonly peakStack: number;
	/** Instructions of the interpreter, as XS counts them. */
	readonly meter: number;
	/** 16 with 32 bits, as on the chip; 32 with 64 bits. */
	readonly slotBytes: number;
	/** Since `watchLive`: the most that lived, garbage not counted; `bytes` of slots and chunks at one moment. */
	readonly livePeak: { readonly slots: number; readonly chunks: number; readonly bytes: number };
}

/** A call of the machine to its host; see `platform/protocol.ts` for the numbers of operations and events. */
export interface Call {
	readonly op: number;
	/** The number of the object in XS that calls. */
	readonly target: number;
	readonly number: number;
	readonly text: string;
	readonly bytes: Buffer | undefined;
}

export type Answer =
	| undefined
	| number
	| string
	| Uint8Array
	| { readonly into: Uint8Array }
	| { readonly inFlash: Uint8Array };

/** What a call does, by its operation. */
export type Operations = Readonly<Record<number, (call: Call) => Answer>>;

/** Sends an event to an object in XS. */
export type Post = (target: number, event: number, number?: number, text?: string, bytes?: Uint8Array) => void;

/** For a call without bytes. */
export const NO_BYTES = new Uint8Array(0);

export interface LoadedModule {
	readonly name: string;
	/** Bytes of byte code. */
	readonly code: number;
	/** Bytes of the names that the code uses. */
	readonly symbols: number;
}

export interface XsListener {
	/** The machine waits for the answer. What this throws is thrown in the machine. After NO_ANSWER it waits for ever. */
	call(call: Call): Answer | typeof NO_ANSWER;
	trace(text: string): void;
	/** The machine has nothing left to do. */
	idle(sample: Sample): void;
	/** The answer to `census`, before the machine is idle. */
	census?(lines: string): void;
	/** The process has ended by itself. */
	ended(reason: string): void;
}

/** The answer to a call that does not return, since the power is off. */
export const NO_ANSWER = Symbol("no answer");

/** Stands for the length of bytes where there are none. */
const NONE = 0xffff_ffff;

/** What a process runs. */
export interface XsProgram {
	readonly executable: string;
	/** A directory that `makeXsImage` made. */
	readonly image: string;
	readonly heaps: Heaps;
	/** Lets the heaps grow beyond their sizes, to measure a program. Default: false. */
	readonly grow?: boolean;
}

/** The process in which an XS machine runs. It speaks the frames that native/frames.h describes. */
export class XsProcess {
	readonly modules: LoadedModule[] = [];
	readonly #child: ChildProcess;
	readonly #listener: XsListener;
	#received = Buffer.alloc(0);
	#errors = "";
	#killed = false;

	constructor({ executable, image, heaps, grow = false }: XsProgram, listener: XsListener) {
		this.#listener = listener;
		const sizes = [heaps.chunks, heaps.slots, heaps.stack].map(String);
		this.#child = spawn(executable, [image, ...sizes, ...(grow ? ["grow"] : [])], { stdio: "pipe" });
		this.#child.stdout?.on("data", (data) => this.#receive(data));
		this.#child.stderr?.on("data", (data) => {
			this.#errors += data;
		});
		this.#child.stdin?.on("error", () => undefined); // the process has ended; `close` says why
		this.#child.on("error", (error) => this.#ended(error.message));
		this.#child.on("close", (code) => this.#ended(this.#errors.trim() || `exit code ${code}`));
	}

	/** As a power cut would: nothing more comes from the machine. */
	kill(): void {
		this.#killed = true;
		this.#child.kill("SIGKILL");
	}

	/** Starts the program, once it is loaded. */
	start(): void {
		this.event(0, 0);
	}

	event(target: number, event: number, number = 0, text = "", bytes?: Uint8Array): void {
		const head = Buffer.alloc(14);
		head.write("E", 0);
		head.writeInt32LE(target, 1);
		head.writeUInt8(event, 5);
		head.writeDoubleLE(number, 6);
		const encoded = Buffer.from(text);
		this.#send(head, u32(encoded.byteLength), encoded, u32(bytes?.byteLength ?? NONE), bytes ?? NO_BYTES);
	}

	collect(): void {
		this.#send(Buffer.from("G"));
	}

	forgetPeaks(): void {
		this.#send(Buffer.from("P"));
	}

	/** What the program holds, slot by slot. */
	census(): void {
		this.#send(Buffer.from("H"));
	}

	/** Collects garbage at every n-th allocation, to learn the live peak. 0: no more. */
	watchLive(everyNth: number): void {
		this.#send(Buffer.from("L"), Uint8Array.of(everyNth));
	}

	#send(...parts: Uint8Array[]): void {
		const frame = Buffer.concat(parts);
		this.#child.stdin?.write(Buffer.concat([u32(frame.byteLength), frame]));
	}

	#receive(data: Buffer): void {
		this.#received = Buffer.concat([this.#received, data]);
		while (!this.#killed && this.#received.byteLength >= 4) {
			const end = 4 + this.#received.readUInt32LE(0);
			if (this.#received.byteLength < end) return;
			const frame = this.#received.subarray(4, end);
			this.#received = this.#received.subarray(end);
			this.#frame(String.fromCharCode(frame[0] as number), frame.subarray(1));
		}
	}

	#frame(kind: string, body: Buffer): void {
		if (kind === "C") this.#call(body);
		else if (kind === "T") this.#listener.trace(body.toString());
		else if (kind === "H") this.#listener.census?.(body.toString("latin1"));
		else if (kind === "I") this.#listener.idle(readSample(body));
		else if (kind === "M") {
			this.modules.push({
				name: body.toString("utf8", 8),
				code: body.readUInt32LE(0),
				symbols: body.readUInt32LE(4),
			});
		}
	}

	#call(body: Buffer): void {
		const textEnd = 17 + body.readUInt32LE(13);
		const byteLength = body.readUInt32LE(textEnd);
		const call: Call = {
			op: body.readUInt8(0),
			target: body.readInt32LE(1),
			number: body.readDoubleLE(5),
			text: body.toString("utf8", 17, textEnd),
			bytes: byteLength === NONE ? undefined : Buffer.from(body.subarray(textEnd + 4, textEnd + 4 + byteLength)),
		};
		let answer: Answer | typeof NO_ANSWER;
		try {
			answer = this.#listener.call(call);
		} catch (error) {
			return this.#send(Buffer.from("R\x04"), Buffer.from(said(error)));
		}
		if (answer === NO_ANSWER) return;
		if (answer === undefined) this.#send(Buffer.from("R\x00"));
		else if (typeof answer === "string") this.#send(Buffer.from("R\x02"), Buffer.from(answer));
		else if (typeof answer === "number") this.#send(Buffer.from("R\x01"), f64(answer));
		else if ("into" in answer) this.#send(Buffer.from("R\x05"), answer.into);
		else if ("inFlash" in answer) this.#send(Buffer.from("R\x06"), answer.inFlash);
		else this.#send(Buffer.from("R\x03"), answer);
	}

	#ended(reason: string): void {
		if (this.#killed) return;
		this.#killed = true;
		this.#listener.ended(reason);
	}
}

/** XS makes an error of it again, of the same class: see platform/host.ts. */
function said(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	return /^(Type|Range|Syntax|URI)Error$/.test(error.name) ? `${error.name}: ${error.message}` : error.message;
}

function readSample(body: Buffer): Sample {
	const at = (n: number) => body.readUInt32LE(4 * n);
	const signed = (n: number) => body.readInt32LE(4 * n);
	return {
		slots: at(0),
		peakSlots: at(1),
		chunks: at(2),
		peakChunks: at(3),
		collections: at(4),
		peakStack: at(5),
		meter: at(6),
		slotBytes: at(7),
		stack: at(8),
		livePeak: { slots: signed(9), chunks: signed(10), bytes: signed(11) },
	};
}

function u32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(value);
	return bytes;
}

function f64(value: number): Buffer {
	const bytes = Buffer.alloc(8);
	bytes.writeDoubleLE(value);
	return bytes;
}
