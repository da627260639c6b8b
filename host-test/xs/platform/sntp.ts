import { call, register, unregister } from "./host.js";
import { Op } from "./protocol.js";

export default class SNTP {
	static readonly time = 1;
	static readonly retry = 2;
	static readonly error = -1;
	readonly #id: number;
	readonly #callback: (message: number, value?: number) => void;

	constructor({ host }: { host: string }, callback: (message: number, value?: number) => void) {
		this.#callback = callback;
		this.#id = register(this);
		call(Op.sntpAsk, this.#id, 0, host);
	}

	event(_event: number, message: number, value: string): void {
		unregister(this.#id);
		this.#callback(message, Number(value));
	}
}
