import { call, openSocket, register, type Socket, type Sockets, showCredentials, unregister } from "./host.js";
import { Event, Op } from "./protocol.js";

interface Options {
	host: string;
	port: number;
	id: string;
	keepAlive: number;
	socket: Sockets;
	onReadable(count: number, options: object): void;
	onWritable(count: number): void;
	onControl(message: object): void;
	/** The error is what TLS threw out of a socket's callback: the host's side of the bridge has caught it. */
	onError(error?: unknown): void;
}

type Callbacks = Pick<Options, "onReadable" | "onWritable" | "onControl" | "onError">;

/** The host's MQTT client, from the machine's side. It holds what the SDK's holds: the callbacks and a socket. */
export default class MQTTClient {
	#callbacks: Callbacks | undefined;
	#socket: Socket | undefined;
	readonly #id: number;
	#piece: ArrayBuffer | undefined;

	constructor(options: Options) {
		const { host, port, id, keepAlive, socket, onReadable, onWritable, onControl, onError } = options;
		this.#callbacks = { onReadable, onWritable, onControl, onError };
		this.#socket = openSocket(socket, host, port);
		this.#id = register(this);
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
		this.#callbacks = undefined;
		this.#socket?.close();
		this.#socket = undefined;
		unregister(this.#id);
		call(Op.mqttClose, this.#id);
	}

	event(event: number, number: number, text: string, bytes: ArrayBuffer | undefined): void {
		const callbacks = this.#callbacks;
		if (callbacks === undefined) return;
		if (event === Event.mqttReadable) {
			this.#piece = bytes;
			callbacks.onReadable(number, JSON.parse(text));
		} else if (event === Event.mqttWritable) callbacks.onWritable(number);
		else if (event === Event.mqttControl) callbacks.onControl({ operation: number, payload: bytes });
		else {
			this.#callbacks = undefined;
			callbacks.onError(text === "" ? undefined : text);
		}
	}
}
