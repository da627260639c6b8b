import type { ReadableOptions } from "./ecma419.js";

/** What the assembler hands on. */
export interface AssemblerListener {
	/**
	 * `payload` is a view into the buffer, valid during the call alone; undefined when the message was too large for it: it was
	 * drained.
	 */
	receive(topic: string, payload: Uint8Array | undefined): void;
	log(text: string): void;
}

/**
 * Makes messages out of the pieces in which the MQTT client delivers them. One buffer, allocated once; a message that
 * does not fit is read and thrown away, so that the connection goes on behind it.
 */
export class MqttReader {
	readonly #buffer: Uint8Array;
	readonly #listener: AssemblerListener;
	#topic = "";
	#expected = 0;
	#received = 0;

	/** @param bytes the largest payload that is kept */
	constructor(bytes: number, listener: AssemblerListener) {
		this.#buffer = new Uint8Array(bytes);
		this.#listener = listener;
	}

	/** Forgets a message that was cut off with its connection. */
	reset(): void {
		this.#topic = "";
		this.#expected = this.#received = 0;
	}

	/** One call of the client's onReadable, with the piece already read. */
	add(piece: ArrayBuffer, options: ReadableOptions): void {
		if (options.topic !== undefined) {
			this.#topic = options.topic;
			this.#expected = options.byteLength ?? piece.byteLength;
			this.#received = 0;
		}
		const end = this.#received + piece.byteLength;
		if (this.#fits && end <= this.#buffer.byteLength) this.#buffer.set(new Uint8Array(piece), this.#received);
		this.#received = end;
		if (!options.more) this.#complete();
	}

	get #fits(): boolean {
		return this.#expected <= this.#buffer.byteLength;
	}

	#complete(): void {
		const topic = this.#topic;
		const bytes = this.#received;
		const fits = this.#fits && bytes <= this.#buffer.byteLength;
		this.reset();
		if (topic === "") return; // the rest of a message whose start belongs to another connection
		if (!fits) {
			this.#listener.log(`${topic}: ${bytes} bytes, more than the buffer of ${this.#buffer.byteLength}: drained`);
			return this.#listener.receive(topic, undefined);
		}
		this.#listener.receive(topic, this.#buffer.subarray(0, bytes));
	}
}
