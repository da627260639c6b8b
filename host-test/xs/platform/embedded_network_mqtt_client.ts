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
	target: unknown;
}

type Callbacks = Pick<Options, "onReadable" | "onWritable" | "onControl" | "onError">;

/** The host's MQTT client, from the machine's side. It holds what the SDK's holds: the callbacks and a socket. */
export default class MQTTClient {
	readonly target: unknown;
	#callbacks: Callbacks | undefined;
	#socket: Socket | undefined;
	readonly #id: number;

	constructor(options: Options) {
		const { host, port, id, keepAlive, socket, target, onReadable, onWritable, onControl, onError } = options;
		this.target = target;
		this.#callbacks = { onReadable, onWritable, onControl, onError };
		this.#socket = openSocket(socket, host, port);
		this.#id = register(this);
		showCredentials(this.#id, socket.secure);
		call(Op.mqttOpen, this.#id, 0, JSON.stringify({ host, port, id, keepAlive }));
	}

	read(into: Uint8Array): number | undefined {
		return call(Op.mqttRead, this.#id, 0, "", into) as number | undefined;
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
			callbacks.onReadable.call(this as never, number, JSON.parse(text));
		} else if (event === Event.mqttWritable) callbacks.onWritable.call(this as never, number);
		else if (event === Event.mqttControl)
			callbacks.onControl.call(this as never, { operation: number, payload: bytes });
		else {
			this.#callbacks = undefined;
			callbacks.onError.call(this as never, text === "" ? undefined : text);
		}
	}
}
