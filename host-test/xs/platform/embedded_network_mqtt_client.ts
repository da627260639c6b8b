import { call, register, type Secure, showCredentials, unregister } from "./host.js";
import { Event, Op } from "./protocol.js";

interface Options {
	host: string;
	port: number;
	id: string;
	keepAlive: number;
	socket: { secure: Secure };
	onReadable(count: number, options: object): void;
	onWritable(count: number): void;
	onControl(message: object): void;
	/** The error is what TLS threw out of a socket's callback: the host's side of the bridge has caught it. */
	onError(error?: unknown): void;
}

/** The host's MQTT client, from the machine's side. */
export default class MQTTClient {
	#options: Options | undefined;
	readonly #id: number;
	#piece: ArrayBuffer | undefined;

	constructor(options: Options) {
		this.#options = options;
		this.#id = register(this);
		const { host, port, id, keepAlive, socket } = options;
		showCredentials(this.#id, socket.secure);
		call(Op.mqttOpen, this.#id, 0, JSON.stringify({ host, port, id, keepAlive }));
	}

	/** The whole piece, since the agent always reads all of it. */
	read(_count: number): ArrayBuffer | undefined {
		const piece = this.#piece;
		this.#piece = undefined;
		return piece;
	}

	write(data: ArrayBuffer | Uint8Array | null, options?: object): number {
		const text = options === undefined ? "" : JSON.stringify(options);
		return call(Op.mqttWrite, this.#id, data === null ? 1 : 0, text, data ?? undefined) as number;
	}

	close(): void {
		this.#options = undefined;
		unregister(this.#id);
		call(Op.mqttClose, this.#id);
	}

	event(event: number, number: number, text: string, bytes: ArrayBuffer | undefined): void {
		const options = this.#options;
		if (options === undefined) return;
		if (event === Event.mqttReadable) {
			this.#piece = bytes;
			options.onReadable(number, JSON.parse(text));
		} else if (event === Event.mqttWritable) options.onWritable(number);
		else if (event === Event.mqttControl) options.onControl({ operation: number, payload: bytes });
		else {
			this.#options = undefined;
			options.onError(text === "" ? undefined : text);
		}
	}
}
