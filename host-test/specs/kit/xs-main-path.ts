import Timer from "timer";
import { HandlerRegistry } from "../../../src/agent/handler-registry.js";
import type { MqttClient, MqttClientOptions, MqttNetwork, MqttWriteOptions } from "../../../src/link/mqtt.js";
import { MqttAgent } from "../../../src/mqtt-agent.js";

declare function hostHeap(which: 0 | 1 | 2 | 3): number;
declare function hostCollect(): void;

const BASE = "$aws/things/alpha/jobs/";
/** None of them is awaited. */
const NOT_AWAITED = [
	"x",
	"$aws/things/beta/jobs/notify-next",
	`${BASE}start-next/rejected/x`,
	`${BASE}job/update/accepted`,
];
const ROUNDS = 1_000;

/** A client without a network: what the broker says is said by `answer` and `deliver`. */
class Client implements MqttClient {
	static made: Client;
	readonly target: unknown;
	token = "";
	private readonly options: MqttClientOptions;
	private payload: Uint8Array = new Uint8Array(0);

	constructor(options: MqttClientOptions) {
		this.options = options;
		this.target = options.target;
		Client.made = this;
	}

	/** CONNACK, space, and SUBACK. */
	open(): void {
		this.options.onControl.call(this, { operation: 2 });
		this.options.onWritable.call(this, 4_096);
		this.options.onControl.call(this, { operation: 9 });
	}

	write(data: ArrayBuffer | Uint8Array | null, options?: MqttWriteOptions): number {
		const bytes = data as Uint8Array;
		if (options?.operation === 3) {
			const text = String.fromArrayBuffer(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
			this.token = JSON.parse(text).clientToken;
		}
		return 4_096;
	}

	/** As the SDK's classes: into the buffer that it is given. */
	read(into: Uint8Array): number {
		into.set(this.payload);
		return this.payload.byteLength;
	}

	close(): void {}

	/** @param message made before: what the SDK's client makes of a packet is not the agent's */
	deliver(message: { topic: string; byteLength: number; more: boolean }, payload: Uint8Array): void {
		this.payload = payload;
		this.options.onReadable.call(this, payload.byteLength, message);
	}
}

function bytesOf(value: unknown): Uint8Array<ArrayBuffer> {
	return new Uint8Array(ArrayBuffer.fromString(JSON.stringify(value)));
}

/** From the MQTT client's callback to the engine's decision, on XS: the slots that it takes are traced as JSON. */
export default function main(): void {
	// What is due at once; nothing here waits for any time.
	const due: (() => void)[] = [];
	Timer.set = (callback, milliseconds = 0) => {
		const timer = {} as Timer;
		if (milliseconds === 0) due.push(() => callback(timer));
		return timer;
	};
	const runDue = () => {
		for (let next = due.shift(); next !== undefined; next = due.shift()) next();
	};
	new MqttAgent({
		thingName: "alpha",
		host: "broker",
		port: 8883,
		startJitterMs: 0,
		network: () => ({ mqtt: { io: Client }, dns: {}, tls: {}, tcp: {} }) as unknown as MqttNetwork,
		storage: { read: () => undefined, write: () => undefined },
		handlers: new HandlerRegistry(),
		restart: () => undefined,
		resetReason: "powerOn",
		log: () => undefined,
	}).start();
	runDue();
	Client.made.open();
	runDue();
	measure();
}

function measure(): void {
	const client = Client.made;
	const payload = bytesOf({ clientToken: "another" });
	const messages = NOT_AWAITED.map((topic) => ({ topic, byteLength: payload.byteLength, more: false }));
	client.deliver(messages[0] as (typeof messages)[number], payload); // what the client itself keeps has its place now
	hostCollect();
	const before = hostHeap(0);
	for (let i = 0; i < ROUNDS; i += 1) client.deliver(messages[i & 3] as (typeof messages)[number], payload);
	const ignored = hostHeap(0) - before;
	const own = bytesOf({ clientToken: client.token });
	const message = { topic: `${BASE}start-next/accepted`, byteLength: own.byteLength, more: false };
	const { parse } = JSON;
	let atParse = 0;
	JSON.parse = (text: string) => {
		if (atParse === 0) atParse = hostHeap(0);
		return parse(text);
	};
	hostCollect();
	const beforeOwn = hostHeap(0);
	client.deliver(message, own);
	const wasAwaited = client.token !== "" && atParse > 0;
	trace(JSON.stringify({ ignored, awaited: atParse - beforeOwn, wasAwaited: Number(wasAwaited) }));
}
