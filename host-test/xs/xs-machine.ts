import type { Hold } from "../clock.js";
import { Digest } from "../ecma419/crypt.js";
import FFI from "../ecma419/ffi.js";
import flash from "../ecma419/flash.js";
import HTTPClient from "../ecma419/http-client.js";
import keyValue from "../ecma419/key-value.js";
import type { Machine } from "../ecma419/machine.js";
import { PowerCut } from "../ecma419/machine.js";
import MQTTClient from "../ecma419/mqtt-client.js";
import net from "../ecma419/net.js";
import Resolver from "../ecma419/resolver.js";
import Resource from "../ecma419/resource.js";
import SNTP from "../ecma419/sntp.js";
import TCP, { type TCPOptions } from "../ecma419/tcp.js";
import time from "../ecma419/time.js";
import Timer from "../ecma419/timer.js";
import TLSSocket, { type Secure } from "../ecma419/tls.js";
import UDP from "../ecma419/udp.js";
import update from "../ecma419/update.js";
import WiFi from "../ecma419/wifi.js";
import { Event, Op } from "./platform/protocol.js";
import { type Answer, type Call, type Heaps, NO_ANSWER, type Sample, XsProcess } from "./xs-process.js";

export interface XsMachineOptions {
	readonly executable: string;
	/** A directory that `makeXsImage` made. */
	readonly image: string;
	readonly heaps: Heaps;
	/** Called each time the machine has come to rest. */
	readonly onSample?: ((sample: Sample, loaded: XsProcess) => void) | undefined;
}

interface MqttTarget {
	readonly client: MQTTClient;
}

/**
 * Runs the agent in XS, in place of Node.js, as the program of a Machine: what the agent asks of the platform goes over
 * the bridge to the very modules that serve the agent in Node.js, so that flash, faults and power are the same.
 */
export class XsMachine {
	readonly #machine: Machine;
	readonly #options: XsMachineOptions;
	readonly #process: XsProcess;
	readonly #timers = new Map<number, Timer>();
	readonly #mqtt = new Map<number, MqttTarget>();
	readonly #http = new Map<number, HttpTarget>();
	readonly #wifi = new Map<number, WiFi>();
	readonly #objects = new Map<number, { write(bytes: Uint8Array): void; close(): unknown; complete?(): void }>();
	readonly #events: (() => void)[] = [];
	/** By the target that is about to be opened: certificate and key. */
	readonly #credentials = new Map<number, ArrayBuffer[]>();
	#last = 0;
	#loaded = false;
	#busy: Hold | undefined;
	#collected: ((sample: Sample) => void) | undefined;

	constructor(machine: Machine, options: XsMachineOptions) {
		this.#machine = machine;
		this.#options = options;
		this.#busy = machine.hold();
		this.#process = new XsProcess(options.executable, options.image, options.heaps, false, {
			call: (call) => this.#call(call),
			trace: (text) => machine.hardware.trace(text),
			idle: (sample) => this.#idle(sample),
			ended: (reason) => machine.abort(new Error(reason)),
		});
		machine.own(() => {
			this.#process.kill();
			this.#busy?.();
		});
	}

	/** Collects all garbage. @returns what is left: live memory */
	async collect(): Promise<Sample> {
		return await new Promise((resolve) => {
			this.#post(() => {
				this.#collected = resolve;
				this.#process.collect();
			});
		});
	}

	forgetPeaks(): void {
		this.#post(() => this.#process.forgetPeaks());
	}

	#idle(sample: Sample): void {
		if (!this.#loaded) {
			this.#loaded = true;
			this.#events.push(() => this.#process.event(0, 0));
		}
		this.#options.onSample?.(sample, this.#process);
		this.#collected?.(sample);
		this.#collected = undefined;
		const next = this.#events.shift();
		if (next !== undefined) return next();
		this.#busy?.();
		this.#busy = undefined;
	}

	/** One event at a time: the machine is asked only when it has come to rest. */
	#post(send: () => void): void {
		if (this.#machine.dead) return;
		if (this.#busy !== undefined) {
			this.#events.push(send);
			return;
		}
		this.#busy = this.#machine.hold();
		send();
	}

	#event(target: number, event: number, number = 0, text = "", bytes?: Uint8Array): void {
		this.#post(() => this.#process.event(target, event, number, text, bytes));
	}

	#call(call: Call): Answer | typeof NO_ANSWER {
		let answer: Answer | typeof NO_ANSWER = NO_ANSWER;
		let thrown: unknown;
		this.#machine.enter(() => {
			try {
				answer = this.#perform(call);
			} catch (error) {
				thrown = error;
			}
		});
		if (this.#machine.dead || thrown instanceof PowerCut) return NO_ANSWER;
		if (thrown !== undefined) throw thrown;
		return answer;
	}

	#perform(call: Call): Answer {
		const operation = this.#operations[call.op];
		if (operation === undefined) throw new Error(`no operation ${call.op}`);
		return operation(call);
	}

	readonly #operations: Readonly<Record<number, (call: Call) => Answer>> = {
		[Op.timerSet]: ({ target, number }) => {
			const timer = Timer.set(() => {
				this.#timers.delete(target);
				this.#event(target, Event.timer);
			}, number);
			this.#timers.set(target, timer);
			return undefined;
		},
		[Op.timerClear]: ({ target }) => {
			Timer.clear(this.#timers.get(target));
			this.#timers.delete(target);
			return undefined;
		},
		[Op.config]: ({ text }) => JSON.stringify(this.#machine.hardware.config[text]),
		[Op.resource]: ({ text }) => new Uint8Array(new Resource(text).slice(0)),
		[Op.credential]: ({ target, number, bytes = new Uint8Array(0) }) => {
			const parts = this.#credentials.get(target) ?? [];
			parts[number] = Uint8Array.from(bytes).buffer;
			this.#credentials.set(target, parts);
			return undefined;
		},
		[Op.resourceExists]: ({ text }) => (Resource.exists(text) ? 1 : 0),
		[Op.keyRead]: ({ text }) => {
			const value = domainOf(text).domain.read(domainOf(text).key);
			return value === undefined ? undefined : new Uint8Array(value as ArrayBuffer);
		},
		[Op.keyWrite]: ({ text, bytes }) => {
			const { domain, key } = domainOf(text);
			domain.write(key, bytes ?? new Uint8Array(0));
			return undefined;
		},
		[Op.keyDelete]: ({ text }) => (domainOf(text).domain.delete(domainOf(text).key) ? 1 : 0),
		[Op.partitionRead]: ({ target, number, text }) => new Uint8Array(flash.open({ path: text }).read(number, target)),
		[Op.partitionErase]: ({ number, text }) => flash.open({ path: text, mode: "r+" }).eraseBlock(number) as undefined,
		[Op.updateOpen]: ({ number, text }) =>
			this.#keep(update.open({ partition: flash.open({ path: text }), mode: "a", byteLength: number })),
		[Op.updateWrite]: ({ target, bytes }) => this.#objects.get(target)?.write(bytes ?? new Uint8Array(0)) as undefined,
		[Op.updateComplete]: ({ target }) => this.#objects.get(target)?.complete?.() as undefined,
		[Op.updateClose]: ({ target }) => {
			this.#objects.get(target)?.close();
			this.#objects.delete(target);
			return undefined;
		},
		[Op.wifiListen]: ({ target }) => this.#openWiFi(target),
		[Op.wifiJoin]: ({ text }) => WiFi.connect(JSON.parse(text)) as undefined,
		[Op.wifiClose]: ({ target }) => this.#wifi.get(target)?.close() as undefined,
		[Op.netGet]: ({ text }) => JSON.stringify(net.get(text)) ?? "",
		[Op.sntpAsk]: ({ target, text }) => {
			new SNTP({ host: text }, (message, value = 0) => this.#event(target, Event.sntp, message, String(value)));
			return undefined;
		},
		[Op.timeSet]: ({ number }) => time.set(number) as undefined,
		[Op.ffi]: ({ text }) => new FFI()[text as keyof FFI](),
		[Op.digestOpen]: ({ text }) => this.#keep(new Digest(text)),
		[Op.digestWrite]: ({ target, bytes }) => this.#objects.get(target)?.write(bytes ?? new Uint8Array(0)) as undefined,
		[Op.digestClose]: ({ target }) => {
			const digest = this.#objects.get(target)?.close() as ArrayBuffer;
			this.#objects.delete(target);
			return new Uint8Array(digest);
		},
		[Op.mqttOpen]: ({ target, text }) => this.#openMqtt(target, JSON.parse(text)),
		[Op.mqttWrite]: ({ target, number, text, bytes }) => {
			const options = text === "" ? undefined : JSON.parse(text);
			return this.#mqtt.get(target)?.client.write(number === 1 ? null : (bytes ?? new Uint8Array(0)), options);
		},
		[Op.mqttClose]: ({ target }) => {
			this.#mqtt.get(target)?.client.close();
			this.#mqtt.delete(target);
			return undefined;
		},
		[Op.httpOpen]: ({ target, number, text }) => this.#openHttp(target, JSON.parse(text), number),
		[Op.httpRequest]: ({ target, text }) => this.#http.get(target)?.request(JSON.parse(text)) as undefined,
		[Op.httpWrite]: ({ target, bytes }) => this.#http.get(target)?.write(bytes ?? new Uint8Array(0)) as undefined,
		[Op.httpRead]: ({ target, number }) => this.#http.get(target)?.read(number),
		[Op.httpClose]: ({ target }) => {
			this.#http.get(target)?.client.close();
			this.#http.delete(target);
			return undefined;
		},
	};

	#openWiFi(target: number): undefined {
		this.#wifi.set(target, new WiFi(undefined, (message) => this.#event(target, Event.wifi, 0, message)));
	}

	#keep(object: { write(bytes: Uint8Array): void; close(): unknown; complete?(): void }): number {
		this.#last += 1;
		this.#objects.set(this.#last, object);
		return this.#last;
	}

	#openMqtt(target: number, options: { host: string; port: number; id: string; keepAlive: number }): undefined {
		const client: MQTTClient = new MQTTClient({
			...options,
			...this.#sockets(this.#mutual(target, options.host), (error) =>
				this.#event(target, Event.mqttError, 0, String(error)),
			),
			onReadable: (count, readable) => {
				const piece = new Uint8Array(client.read(count) ?? new ArrayBuffer(0));
				this.#event(target, Event.mqttReadable, count, JSON.stringify(readable), piece);
			},
			onWritable: (count) => this.#event(target, Event.mqttWritable, count),
			onControl: ({ operation, payload }) => this.#event(target, Event.mqttControl, operation, "", payload),
			onError: () => this.#event(target, Event.mqttError),
		});
		this.#mqtt.set(target, { client });
	}

	/** The device shows the certificate that the agent has chosen. */
	#mutual(target: number, serverName: string): Secure {
		const [certificate, clientKey] = this.#credentials.get(target) ?? [];
		this.#credentials.delete(target);
		if (certificate === undefined || clientKey === undefined) throw new Error("no client certificate");
		const ca = new Resource("ca.der").slice(0);
		return { serverName, certificate: ca, clientCertificates: [certificate], clientKey };
	}

	#openHttp(target: number, { host, isMutual }: { host: string; isMutual: boolean }, port: number): undefined {
		const failed = () => this.#event(target, Event.httpError);
		const secure = isMutual ? this.#mutual(target, host) : { certificate: new Resource("ca.der").slice(0) };
		const client = new HTTPClient({ host, port, ...this.#sockets(secure, failed), onError: failed } as never);
		const post = this.#event.bind(this, target);
		this.#http.set(target, new HttpTarget(client, post));
	}

	/** What the network classes throw out of a callback becomes an error: on this side nobody else could catch it. */
	#sockets(secure: Secure, failed: (error: unknown) => void) {
		class Guarded extends TCP {
			constructor(options: TCPOptions) {
				const guard = (callback: ((count: number) => void) | undefined) => (count: number) => {
					try {
						callback?.(count);
					} catch (error) {
						failed(error);
					}
				};
				super({ ...options, onReadable: guard(options.onReadable), onWritable: guard(options.onWritable) });
			}
		}
		const dns = { io: Resolver, servers: net.get("DNS") ?? ["1.1.1.1"], socket: { io: UDP } };
		return { dns, socket: { io: TLSSocket, secure, TCP: { io: Guarded } } } as never as {
			dns: never;
			socket: never;
		};
	}
}

class HttpTarget {
	readonly client: HTTPClient;
	readonly #post: (event: number, number?: number, text?: string) => void;
	#request: ReturnType<HTTPClient["request"]> | undefined;

	constructor(client: HTTPClient, post: (event: number, number?: number, text?: string) => void) {
		this.client = client;
		this.#post = post;
	}

	request({ method, path, headers }: { method: string; path: string; headers: [string, string][] }): void {
		this.#request = this.client.request({
			method,
			path,
			headers: new Map(headers),
			onHeaders: (status, received) => this.#post(Event.httpHeaders, status, JSON.stringify([...received])),
			onWritable: (count) => this.#post(Event.httpWritable, count),
			onReadable: (count) => this.#post(Event.httpReadable, count),
			onDone: (error) => this.#post(Event.httpDone, 0, error?.message ?? ""),
		});
	}

	write(bytes: Uint8Array): void {
		this.#request?.write(bytes);
	}

	read(count: number): Uint8Array | undefined {
		const bytes = this.#request?.read(count);
		return bytes && new Uint8Array(bytes);
	}
}

function domainOf(text: string) {
	const slash = text.indexOf("/");
	return { domain: keyValue.open({ path: text.slice(0, slash) }), key: text.slice(slash + 1) };
}
