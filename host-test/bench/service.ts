import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { generate, parser as makeParser } from "mqtt-packet";
import { Pki } from "../emulator/identity/pki.js";
import { inTemporaryDirectory } from "../temporary-directory.js";
import type { Command } from "./service-server.js";
import { say, Table } from "./table.js";

/** Numbers of devices, and of jobs for each. */
const SIZES = [
	[1, 2_000],
	[10, 500],
	[100, 100],
	[1_000, 10],
] as const;
/** Messages of one execution: start-next, update, the answer to each, and notify-next. */
const MESSAGES_PER_EXECUTION = 5;

interface Keys {
	readonly ca: string;
	readonly cert: string;
	readonly key: string;
}

/** The smallest MQTT client that will do, since the server is measured. */
class Client {
	readonly #socket: TLSSocket;
	#id = 0;
	onMessage: (topic: string, payload: Buffer) => void = () => undefined;
	#onAck: (() => void) | undefined;

	private constructor(socket: TLSSocket) {
		this.#socket = socket;
		const parser = makeParser({ protocolVersion: 4 });
		socket.on("data", (bytes) => parser.parse(bytes));
		parser.on("packet", (packet) => {
			if (packet.cmd === "publish") {
				if (packet.qos === 1) socket.write(generate({ cmd: "puback", messageId: packet.messageId as number }));
				this.onMessage(packet.topic, packet.payload as Buffer);
			} else if (packet.cmd === "connack" || packet.cmd === "suback") this.#onAck?.();
		});
	}

	static async connect(port: number, keys: Keys, clientId: string, topic: string): Promise<Client> {
		const socket = connect({ host: "127.0.0.1", port, ...keys, servername: "localhost" });
		await once(socket, "secureConnect");
		socket.setNoDelay(true);
		const client = new Client(socket);
		const acked = () =>
			new Promise<void>((resolve) => {
				client.#onAck = resolve;
			});
		const connected = acked();
		socket.write(
			generate({ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clientId, clean: true, keepalive: 0 }),
		);
		await connected;
		const subscribed = acked();
		socket.write(generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 1 }] }));
		await subscribed;
		return client;
	}

	publish(topic: string, payload: string): void {
		this.#id = (this.#id % 65_535) + 1;
		const fixed = { cmd: "publish", retain: false, dup: false } as const;
		this.#socket.write(generate({ ...fixed, topic, payload, qos: 1, messageId: this.#id }));
	}

	close(): void {
		this.#socket.destroy();
	}
}

/** The server in a process of its own, so that its processor time can be told from the clients'. */
class ServerProcess {
	readonly #child: ChildProcess;

	constructor() {
		const register = new URL("../register.js", import.meta.url).href;
		const file = fileURLToPath(new URL("service-server.ts", import.meta.url));
		this.#child = fork(file, { execArgv: ["--import", register] });
	}

	async ask(command: Command): Promise<number> {
		const answered = once(this.#child, "message");
		this.#child.send(command);
		return (await answered)[0] as number;
	}

	async end(): Promise<void> {
		await this.ask({ type: "stop" });
		this.#child.kill();
	}
}

/** What a server and its clients do. */
interface Load {
	readonly start: Command;
	readonly devices: number;
	readonly rounds: number;
	/** What a client subscribes to. */
	readonly topicOf: (index: number) => string;
	/** Begins the rounds of a client, and calls back when they are over. */
	readonly begin: (client: Client, index: number, done: () => void) => void;
}

/** Of one round of one client. */
interface Measured {
	readonly perSecond: number;
	/** The server's processor time, in microseconds. */
	readonly cpu: number;
}

async function measure({ start, devices, rounds, topicOf, begin }: Load, keys: Keys): Promise<Measured> {
	const server = new ServerProcess();
	const port = await server.ask(start);
	const clients: Client[] = [];
	for (let i = 0; i < devices; i += 1) clients.push(await Client.connect(port, keys, `c${i}`, topicOf(i)));
	const cpuBefore = await server.ask({ type: "cpu" });
	const before = process.hrtime.bigint();
	await Promise.all(clients.map((client, i) => new Promise<void>((resolve) => begin(client, i, resolve))));
	const seconds = Number(process.hrtime.bigint() - before) / 1e9;
	const cpu = (await server.ask({ type: "cpu" })) - cpuBefore;
	for (const client of clients) client.close();
	await server.end();
	const total = devices * rounds;
	return { perSecond: total / seconds, cpu: cpu / total };
}

/** Each client publishes to itself, and publishes again when it has received the message: two messages a round. */
function bareLoad(directory: string, devices: number, rounds: number): Load {
	const payload = JSON.stringify({ padding: "x".repeat(200) }); // about as long as an answer to StartNext
	return {
		start: { type: "bare", directory },
		devices,
		rounds,
		topicOf: (index) => `bench/${index}`,
		begin(client, index, done) {
			let left = rounds;
			client.onMessage = () => {
				left -= 1;
				if (left === 0) done();
				else client.publish(`bench/${index}`, payload);
			};
			client.publish(`bench/${index}`, payload);
		},
	};
}

/** Each device starts its next execution and ends it, until nothing is pending. */
function serviceLoad(directory: string, devices: number, jobs: number): Load {
	return {
		start: { type: "service", directory, things: devices, jobs },
		devices,
		rounds: jobs,
		topicOf: (index) => `$aws/things/t${index}/jobs/notify-next`,
		begin(client, index, done) {
			const base = `$aws/things/t${index}/jobs`;
			const startNext = `${base}/start-next/accepted`;
			let left = jobs;
			client.onMessage = (topic, payload) => {
				if (topic === startNext) {
					const { jobId, versionNumber } = JSON.parse(payload.toString()).execution;
					const update = { status: "SUCCEEDED", expectedVersion: versionNumber };
					client.publish(`${base}/${jobId}/update`, JSON.stringify(update));
				} else if (topic.endsWith("/update/accepted")) {
					left -= 1;
					if (left === 0) done();
					else client.publish(`${base}/start-next`, "{}");
				}
			};
			client.publish(`${base}/start-next`, "{}");
		},
	};
}

/** Job executions through broker and service, beside messages through a bare broker in the same run. */
export async function benchService(): Promise<void> {
	say("Job executions through broker and service, over TLS, QoS 1 (an execution is 5 messages), beside a bare broker");
	say("CPU: the server's processor time");
	const table = new Table(
		...[
			"devices",
			"executions/s",
			"messages/s",
			"bare messages/s",
			"ratio",
			"CPU of an execution",
			"of a bare message",
		],
	);
	await inTemporaryDirectory(async (directory) => {
		const keys = await makeKeys(directory);
		for (const [devices, jobs] of SIZES) {
			const bare = await measure(bareLoad(directory, devices, jobs * 2), keys);
			const service = await measure(serviceLoad(directory, devices, jobs), keys);
			const messages = service.perSecond * MESSAGES_PER_EXECUTION;
			const bareMessages = bare.perSecond * 2;
			table.row(
				...[devices.toLocaleString("en-US"), service.perSecond.toFixed(0), messages.toFixed(0)],
				...[bareMessages.toFixed(0), (messages / bareMessages).toFixed(2)],
				...[`${service.cpu.toFixed(0)} us`, `${(bare.cpu / 2).toFixed(0)} us`],
			);
		}
	});
}

async function makeKeys(directory: string): Promise<Keys> {
	const pki = await Pki.open(directory);
	await pki.server([]);
	const { certificate: cert, privateKey: key } = await pki.thing("bench");
	return { ca: pki.ca, cert, key };
}
