import { generate, parser as makeParser, type Packet } from "mqtt-packet";
import { Wire } from "./wire.js";

/** `embedded:network/mqtt/client`, as far as the cases use it. */
export interface MqttClientClass {
	new (options: object): MqttClient;
	readonly CONNACK: number;
	readonly PUBACK: number;
}

export interface MqttClient {
	format: string;
	readonly target?: unknown;
	read(wanted?: number | ArrayBufferView): unknown;
	write(data: unknown, options?: object): number;
	close(): void;
}

/** The client keeps so much of the socket's room for itself. */
export const OVERHEAD_BYTES = 8;
export const CONNACK = generate({ cmd: "connack", returnCode: 0, sessionPresent: false });
export const PINGRESP = generate({ cmd: "pingresp" });
export const PINGREQ_OPERATION = 12;

export function publish(topic: string, payload: string, qos: 0 | 1 | 2 = 1, messageId = 5): Buffer {
	return generate({ cmd: "publish", topic, payload, qos, messageId, retain: false, dup: false });
}

export const textOf = (bytes: unknown) => Buffer.from(bytes as ArrayBuffer).toString();

/** What the log says of an error: told on the client, before the socket is closed. */
export const ERROR = ["error", 0, true, 0];

export type MqttBench = ReturnType<typeof makeMqttBench>;

/** A client on a wire of the test's. */
export function makeMqttBench(Client: MqttClientClass) {
	let wire = new Wire();
	let client: MqttClient;

	/** Counts, order and `this` of the callbacks go into the log, unless the test has its own. */
	function make(options: object = {}): MqttClient {
		const { log } = wire;
		client = wire.do(
			() =>
				new Client({
					host: "broker",
					id: "alpha",
					...wire.network,
					onControl(this: unknown, { operation }: { operation: number }) {
						log.push(["control", operation, this === client]);
					},
					onReadable(this: unknown, count: number, readable: object) {
						log.push(["readable", count, readable, this === client]);
					},
					onWritable(this: unknown, count: number) {
						log.push(["writable", count, this === client]);
					},
					onError(this: unknown, ...args: unknown[]) {
						log.push(["error", args.length, this === client, wire.closed]);
					},
					onClose: () => log.push(["close"]),
					...options,
				}),
		);
		return client;
	}

	/** A client that has sent CONNECT. */
	function open(options?: object): MqttClient {
		make(options);
		wire.resolve();
		wire.writable();
		return client;
	}

	/** A client that has logged in, with an empty log. */
	function connected(options?: object): MqttClient {
		open(options);
		wire.receive(CONNACK);
		wire.taken();
		wire.log.length = 0;
		return client;
	}

	const write = (data: unknown, options?: object) => wire.do(() => client.write(data, options));
	const read = (wanted?: number | ArrayBufferView) => wire.do(() => client.read(wanted));

	/** The packets that were sent since the last look. */
	function packets(): Packet[] {
		const found: Packet[] = [];
		const parser = makeParser({ protocolVersion: 4 });
		parser.on("packet", (packet) => found.push(packet));
		parser.parse(wire.taken());
		return found;
	}

	const commands = () => packets().map(({ cmd }) => cmd);

	return {
		get wire() {
			return wire;
		},
		get client() {
			return client;
		},
		/** A machine that nothing has happened to. */
		renew() {
			wire = new Wire();
		},
		CONNACK: Client.CONNACK,
		make,
		open,
		connected,
		write,
		read,
		packets,
		commands,
	};
}
