import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { generate, parser as makeParser } from "mqtt-packet";
import { Pki } from "../emulator/identity/pki.js";
import type { Command } from "./service-server.js";

/** Devices, and jobs for each of them. */
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

/** As little of an MQTT client as will do: what is measured is the server. */
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

interface Measured {
	readonly perSecond: number;
	/** The server's processor time, in microseconds each. */
	readonly cpu: number;
}

/** Lets every client run its loop to the end. @param start begins a client's loop and calls back when it is over */
async function measure(
	server: ServerProcess,
	clients: readonly Client[],
	times: number,
	start: (client: Client, index: number, done: () => void) => void,
): Promise<Measured> {
	const cpuBefore = await server.ask({ type: "cpu" });
	const before = process.hrtime.bigint();
	await Promise.all(clients.map((client, i) => new Promise<void>((resolve) => start(client, i, resolve))));
	const seconds = Number(process.hrtime.bigint() - before) / 1e9;
	const cpu = (await server.ask({ type: "cpu" })) - cpuBefore;
	const total = clients.length * times;
	return { perSecond: total / seconds, cpu: cpu / total };
}

async function connectAll(
	count: number,
	port: number,
	keys: Keys,
	topicOf: (index: number) => string,
): Promise<Client[]> {
	const clients: Client[] = [];
	for (let i = 0; i < count; i += 1) clients.push(await Client.connect(port, keys, `c${i}`, topicOf(i)));
	return clients;
}

/** Each client publishes for itself, and the next when it has heard the last: two messages a round. */
async function bare(directory: string, keys: Keys, devices: number, rounds: number): Promise<Measured> {
	const server = new ServerProcess();
	const port = await server.ask({ type: "bare", directory });
	const clients = await connectAll(devices, port, keys, (i) => `bench/${i}`);
	const payload = JSON.stringify({ padding: "x".repeat(200) }); // about an answer to StartNext
	const measured = await measure(server, clients, rounds, (client, index, done) => {
		let left = rounds;
		client.onMessage = () => {
			left -= 1;
			if (left === 0) done();
			else client.publish(`bench/${index}`, payload);
		};
		client.publish(`bench/${index}`, payload);
	});
	for (const client of clients) client.close();
	await server.end();
	return measured;
}

/** Each device starts its next execution, ends it, and so on until nothing is pending. */
async function service(directory: string, keys: Keys, devices: number, jobs: number): Promise<Measured> {
	const server = new ServerProcess();
	const port = await server.ask({ type: "service", directory, things: devices, jobs });
	const clients = await connectAll(devices, port, keys, (i) => `$aws/things/t${i}/jobs/notify-next`);
	const measured = await measure(server, clients, jobs, (client, index, done) => {
		const base = `$aws/things/t${index}/jobs`;
		const startNext = `${base}/start-next/accepted`;
		let left = jobs;
		client.onMessage = (topic, payload) => {
			if (topic === startNext) {
				const { jobId, versionNumber } = JSON.parse(payload.toString()).execution;
				client.publish(
					`${base}/${jobId}/update`,
					JSON.stringify({ status: "SUCCEEDED", expectedVersion: versionNumber }),
				);
			} else if (topic.endsWith("/update/accepted")) {
				left -= 1;
				if (left === 0) done();
				else client.publish(`${base}/start-next`, "{}");
			}
		};
		client.publish(`${base}/start-next`, "{}");
	});
	for (const client of clients) client.close();
	await server.end();
	return measured;
}

/** Job executions through broker and service, beside the bare broker's messages in the same run. */
export async function benchService(say: (text?: string) => void): Promise<void> {
	const directory = mkdtempSync(join(tmpdir(), "iot-jobs-bench-"));
	const pki = await Pki.open(directory);
	await pki.server([]);
	const { certificate: cert, privateKey: key } = await pki.thing("bench");
	const keys = { ca: pki.ca, cert, key };
	say("Job executions through broker and service, over TLS, QoS 1 (an execution is 5 messages)");
	say(
		"  devices  executions/s  messages/s  bare broker's messages/s  ratio   server's time: an execution  a bare message",
	);
	for (const [devices, jobs] of SIZES) {
		const plain = await bare(directory, keys, devices, jobs * 2);
		const full = await service(directory, keys, devices, jobs);
		const messages = full.perSecond * MESSAGES_PER_EXECUTION;
		const bareMessages = plain.perSecond * 2;
		const cells = [
			devices.toLocaleString("en-US").padStart(7),
			full.perSecond.toFixed(0).padStart(12),
			messages.toFixed(0).padStart(10),
			bareMessages.toFixed(0).padStart(24),
			(messages / bareMessages).toFixed(2).padStart(5),
			`${full.cpu.toFixed(0)} us`.padStart(28),
			`${(plain.cpu / 2).toFixed(0)} us`.padStart(14),
		];
		say(`  ${cells.join("  ")}`);
	}
	rmSync(directory, { recursive: true, force: true });
}
