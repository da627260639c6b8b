import assert from "node:assert/strict";
import type { Packet } from "mqtt-packet";
import type { JobsRequest, Link, LinkHost } from "../../../src/agent/link.js";
import type { ResolverClass } from "../../../src/link/ecma419.js";
import type { MqttLinkOptions } from "../../../src/link/link-options.js";
import {
	type MqttClient,
	type MqttClientOptions,
	type MqttNetwork,
	Packet as PacketType,
} from "../../../src/link/mqtt.js";
import { MqttLink } from "../../../src/link/mqtt-link.js";
import { mqttNetwork } from "../../../src/platform/network.js";
import { Operation } from "../../../src/protocol/topics.js";
import Timer from "../../ecma419/timer.js";
import { Lab, type TestDevice, turns } from "../kit/lab.js";
import { ScriptedBroker } from "../kit/scripted-broker.js";

/** A request for what is pending: the session looks at its topic and its payload alone. */
const asked = (payload: string): JobsRequest => ({
	operation: Operation.GetPending,
	jobId: "",
	topic: "$aws/things/alpha/jobs/get",
	payload,
});

/** The session alone, as an application might use it, on a device that runs nothing else. */
describe("The MQTT link", () => {
	let lab: Lab;
	let broker: ScriptedBroker;
	beforeEach(async () => {
		lab = new Lab();
		broker = await ScriptedBroker.start();
	});
	afterEach(async () => {
		await lab.clear();
		await broker.close();
	});

	async function device(program: () => void): Promise<TestDevice> {
		const credentials = await ScriptedBroker.credentials();
		return await lab.deviceAt("127.0.0.1", broker.port, { credentials, program: () => program });
	}

	function session(host: Partial<LinkHost> = {}, options: Partial<MqttLinkOptions> = {}): MqttLink {
		const defaults = {
			subscription: "$aws/things/alpha/jobs/notify-next",
			answerTopics: [],
			online: () => undefined,
			offline: () => undefined,
			receive: () => undefined,
			answer: () => undefined,
			log: (text: string) => trace(`${text}\n`),
		};
		return new MqttLink(
			{ ...defaults, ...host },
			{
				network: () => mqttNetwork("127.0.0.1", broker.port),
				host: "127.0.0.1",
				port: broker.port,
				thingName: "alpha",
				messageBytes: 1_024,
				startJitterMs: 0,
				...options,
			},
		);
	}

	it("connects with a clean session, its own client id, and one subscription", async () => {
		const packets: Packet[] = [];
		broker.on("packet", (packet) => packets.push(packet));
		const connected = new Promise((resolve) => broker.once("connected", () => resolve(undefined)));
		(await device(() => session().start())).powerOn();
		await connected;
		const [connect, subscribe] = packets;
		assert.ok(connect?.cmd === "connect" && subscribe?.cmd === "subscribe");
		assert.deepEqual([connect.clientId, connect.clean, connect.keepalive], ["alpha", true, 60]);
		assert.deepEqual(
			subscribe.subscriptions.map(({ topic, qos }) => [topic, qos]),
			[["$aws/things/alpha/jobs/notify-next", 1]],
		);
	});

	it("waits a random part of the start jitter before it connects", async () => {
		const random = Math.random;
		Math.random = () => 0.5;
		try {
			const release = lab.clock.hold();
			const test = await device(() => session({}, { startJitterMs: 10_000 }).start());
			test.powerOn();
			lab.clock.advance(4_999);
			assert.deepEqual(test.lines, []);
			lab.clock.advance(1);
			assert.match(test.lines.join(), /connecting to 127\.0\.0\.1/);
			release();
		} finally {
			Math.random = random;
		}
	});

	it("sends 70,000 publishes of QoS 1 on one connection, none with packet id 0", async function () {
		this.timeout(60_000);
		const total = 70_000;
		let sent = 0;
		let zeros = 0;
		let last = 0;
		let arrived = 0;
		const done = new Promise<void>((resolve) => {
			broker.on("publish", ({ messageId }) => {
				arrived += 1;
				if (messageId === 0) zeros += 1;
				last = messageId ?? -1;
				if (arrived === total) resolve();
			});
		});
		const test = await device(() => {
			session({
				online: (link: Link) => {
					const more = () => {
						while (sent < total && link.send(asked(`{"n":${sent}}`))) sent += 1;
						if (sent < total) Timer.set(more, 0);
					};
					more();
				},
			}).start();
		});
		test.powerOn();
		await done;
		assert.equal(zeros, 0);
		// One id went to SUBSCRIBE, and 65,535 is followed by 1.
		assert.equal(last, ((total + 1 - 1) % 65_535) + 1);
		assert.equal(test.aborts, 0);
		process.stdout.write(`      ${arrived} publishes\n`);
	});

	it("sends a payload larger than the free space in pieces, whole", async () => {
		const text = JSON.stringify({ filler: "0123456789".repeat(3_000) });
		const test = await device(() => {
			session({ online: (link) => void link.send(asked(text)) }).start();
		});
		test.powerOn();
		const { payload } = await broker.next();
		assert.deepEqual(payload, JSON.parse(text));
	});

	it("keeps a second message until the first is written whole, and takes no third", async () => {
		const results: boolean[] = [];
		const text = JSON.stringify({ filler: "0123456789".repeat(3_000) });
		const test = await device(() => {
			session({
				online: (link) => {
					results.push(link.send(asked(text)));
					results.push(link.send(asked("{}")));
					results.push(link.send(asked("[]")));
				},
			}).start();
		});
		test.powerOn();
		const payloads: unknown[] = [];
		await new Promise<void>((resolve) => {
			broker.on("publish", ({ payload }) => {
				payloads.push(payload);
				if (payloads.length === 2) resolve();
			});
		});
		assert.deepEqual(payloads, [JSON.parse(text), {}]);
		assert.deepEqual(results, [true, true, false]);
	});

	it("closed while the name is resolved, connects no more: the answer is dropped", async () => {
		let resolved: (() => void) | undefined;
		class SlowResolver {
			resolve({ host, onResolved }: { host: string; onResolved: (host: string, address: string) => void }): void {
				resolved = () => test.enter(() => onResolved(host, "127.0.0.1"));
			}
		}
		let closing: MqttLink | undefined;
		const test = await device(() => {
			const network = { ...mqttNetwork("127.0.0.1", broker.port), dns: { io: SlowResolver } };
			closing = session({}, { network: () => network });
			closing.start();
		});
		let packets = 0;
		broker.on("packet", () => {
			packets += 1;
		});
		test.powerOn();
		while (resolved === undefined) await turns(1);
		test.enter(() => closing?.close());
		const { length } = test.lines;
		resolved();
		await turns();
		assert.deepEqual(test.lines.slice(length), []);
		assert.equal(test.aborts, 0);
		assert.equal(packets, 0);
	});

	/** The platform's client, with something wrong. */
	function oddNetwork(odd: (client: MqttClient, options: MqttClientOptions) => void): MqttNetwork {
		const network = mqttNetwork("127.0.0.1", broker.port);
		const Real = network.mqtt.io;
		// biome-ignore lint/complexity/useArrowFunction: it is called with new
		const io = function (options: MqttClientOptions) {
			const client = new Real(options);
			odd(client, options);
			return client;
		} as unknown as typeof Real;
		return { ...network, mqtt: { ...network.mqtt, io } };
	}

	it("survives a client that cannot be made, and tries again", async () => {
		let resolvers = 0;
		class NoResolver {
			constructor() {
				resolvers += 1;
				throw new Error("no socket is left");
			}
		}
		const test = await device(() => {
			const network = mqttNetwork("127.0.0.1", broker.port);
			const dns = { io: NoResolver as unknown as ResolverClass };
			session({}, { network: () => ({ ...network, dns }) }).start();
		});
		test.powerOn();
		await lab.passing(test.said(/connection given up: .*no socket is left/));
		await lab.passing(test.said(/connection given up: .*no socket is left/, test.lines.length));
		assert.ok(resolvers >= 2);
		assert.equal(test.aborts, 0);
	});

	it("writes again what the client refused although it had announced space", async () => {
		let refusals = 0;
		const test = await device(() => {
			const network = oddNetwork((client, { onWritable }) => {
				const { write } = client;
				client.write = (data, options) => {
					if (data === null || refusals > 0) return write.call(client, data, options);
					refusals += 1;
					setImmediate(() => test.enter(() => onWritable.call(client, 1_000)));
					throw new Error("overflow");
				};
			});
			session({ online: (link) => void link.send(asked('{"n":1}')) }, { network: () => network }).start();
		});
		test.powerOn();
		const { payload } = await broker.next();
		assert.deepEqual([payload, refusals, test.aborts], [{ n: 1 }, 1, 0]);
	});

	it("closes although the client throws at DISCONNECT and at close", async () => {
		let closing: MqttLink | undefined;
		const test = await device(() => {
			const network = oddNetwork((client) => {
				const { write, close } = client;
				client.write = (data, options) => {
					if (options?.operation === PacketType.Disconnect) throw new Error("overflow");
					return write.call(client, data, options);
				};
				client.close = () => {
					close.call(client);
					throw new Error("closed twice");
				};
			});
			closing = session({}, { network: () => network });
			closing.start();
		});
		test.powerOn();
		await test.said(/^connected/);
		test.enter(() => closing?.close());
		assert.ok(test.lines.includes("closing threw Error: closed twice"));
		assert.equal(test.aborts, 0);
	});

	it("backs off exponentially with full jitter, anew after each answer", async () => {
		const delays: number[] = [];
		const random = Math.random;
		Math.random = () => 0.999999; // the jitter's upper end
		try {
			let link: Link | undefined;
			const test = await device(() => {
				session({
					online: (online) => {
						link = online;
						broker.drop();
					},
				}).start();
			});
			test.on("trace", (text) => {
				const delay = /again in (\d+) ms/.exec(text)?.[1];
				if (delay !== undefined) delays.push(Number(delay));
				if (delays.length === 12) link?.alive();
			});
			test.powerOn();
			while (delays.length < 14) await new Promise((resolve) => setImmediate(resolve));
			test.cutPower();
		} finally {
			Math.random = random;
		}
		assert.deepEqual(
			delays.slice(0, 10),
			[1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000],
		);
		assert.ok(delays.includes(1_000, 10), `${delays}`);
	});
});
