import { EventEmitter } from "node:events";
import type { TLSSocket } from "node:tls";
import { Aedes, type AedesPublishPacket, type Client, type ConnectPacket } from "aedes";
import type { ErrorCode } from "../../../src/protocol/messages.js";
import type { Clock } from "../../clock.js";
import type { Direction, Faults } from "../faults/faults.js";
import { FaultyPath, type Late } from "../faults/faulty-path.js";
import {
	describeRefusal,
	MAX_TOPICS_IN_SUBSCRIBE,
	mayConnect,
	mayPublish,
	mayReceive,
	maySubscribe,
	type Principal,
	REFUSED,
	type Refusal,
} from "../identity/permissions.js";
import { certificateId, type Pair } from "../identity/pki.js";
import type { Shared } from "./cluster.js";
import { type ClusterRequest, ClusterRequests } from "./cluster-requests.js";
import { ALPN_MQTT, SecurePort } from "./secure-port.js";
import { type BrokerEvents, readServiceTopic, type ServiceBroker, type WireMessage } from "./service-broker.js";
import { Sessions } from "./sessions.js";

export interface BrokerOptions {
	readonly host: string;
	/** 0 takes a free one. */
	readonly port: number;
	readonly server: Pair;
	/** PEM */
	readonly ca: string;
	/** Whom a certificate (its SHA-256, see `certificateId`, and the common name in it) speaks for. */
	readonly principalOf: (certificateId: string, commonName: string) => Principal | undefined;
	readonly isThing: (name: string) => boolean;
	readonly faults: Faults;
	/** The other brokers, where there are any. */
	readonly cluster?: Shared | undefined;
	/** Whether the Jobs service listens to this broker, and not to another one of the cluster. Default true. */
	readonly hasService?: boolean;
	/** For keep-alive, the end of persistent sessions, and delays. */
	readonly clock: Clock;
}

interface Connection {
	readonly principal: Principal;
	readonly late: Late;
}

/** What is published on a reserved topic is for the service alone: under this name nobody can subscribe to it. */
const INBOX = "$service/";

/** The MQTT broker: aedes behind mutual TLS, with AWS's rules for who may do what. */
export class Broker extends EventEmitter<BrokerEvents> implements ServiceBroker {
	readonly #options: BrokerOptions;
	readonly #aedes: Aedes;
	readonly #secure: SecurePort;
	readonly #sessions: Sessions;
	/** Also of clients that have gone: their last words are still heard. */
	readonly #connections = new WeakMap<Client, Connection>();
	readonly #live = new Set<Client>();
	/** Payloads that are sent to one client by name: nobody is asked again whether it may hear them. */
	readonly #direct = new WeakSet<object>();
	readonly #path: FaultyPath;
	readonly #cluster: ClusterRequests | undefined;

	private constructor(options: BrokerOptions, aedes: Aedes, secure: SecurePort) {
		super();
		this.#options = options;
		this.#aedes = aedes;
		this.#secure = secure;
		this.#sessions = new Sessions(options.clock, aedes);
		this.#path = new FaultyPath(options.faults, options.clock, (what) => this.emit("restart", what));
		this.#cluster = options.cluster && new ClusterRequests(aedes);
		if (this.#cluster !== undefined) this.#join(this.#cluster);
		secure.on("log", (line) => this.emit("log", line));
		secure.on("connection", (socket) => this.accept(socket));
		this.#rules();
	}

	static async start(options: BrokerOptions): Promise<Broker> {
		const { host, port, server, ca } = options;
		const protocols = [ALPN_MQTT, "mqtt"];
		const secure = await SecurePort.listen({ host, port, server, ca, demandCertificate: true, protocols });
		const limits = { maxTopicLevels: 100, maxClientsIdLength: 256 };
		const { mq, persistence } = options.cluster ?? {};
		const aedes = await Aedes.createBroker({ ...limits, ...(mq && { mq, persistence }) });
		return new Broker(options, aedes, secure);
	}

	get host(): string {
		return this.#options.host;
	}

	get port(): number {
		return this.#secure.port;
	}

	/** Takes a connection over, its TLS handshake done: this port's own, or another's that speaks MQTT as well. */
	accept(socket: TLSSocket): void {
		const certificate = socket.authorized ? socket.getPeerCertificate() : undefined;
		const id = certificate && certificateId(certificate.raw);
		const principal = id && this.#options.principalOf(id, String(certificate?.subject.CN ?? ""));
		if (!principal) {
			const who =
				id === undefined ? "the client has no certificate of this CA" : `the certificate ${id} is attached to no thing`;
			this.emit("log", `refused: ${who}`);
			socket.destroy();
			return;
		}
		const client = this.#aedes.handle(socket);
		this.#connections.set(client, { principal, late: {} });
		this.#live.add(client);
		socket.on("close", () => {
			this.#live.delete(client);
			this.#sessions.ended(client);
		});
		onEachPacket(client, (packet) => {
			this.#sessions.heard(client);
			if (packet.cmd !== "subscribe" || packet.subscriptions.length <= MAX_TOPICS_IN_SUBSCRIBE) return;
			const resource = packet.subscriptions.map(({ topic }) => topic).join(" ");
			const why = `a SUBSCRIBE has at most ${MAX_TOPICS_IN_SUBSCRIBE} topics`;
			this.#refused({ action: "iot:Subscribe", resource: `topicfilter/${resource}`, why }, client.id);
			socket.destroy();
		});
	}

	/** Publishes for whoever subscribed. */
	publish(topic: string, payload: object): void {
		const bytes = Buffer.from(JSON.stringify(payload));
		const packet = { cmd: "publish", topic, payload: bytes, qos: 1, retain: false, dup: false } as const;
		this.#aedes.publish(packet, (error) => {
			if (error) this.emit("log", `publishing on ${topic} failed: ${error.message}`);
		});
	}

	/** Ends the connections of a thing, as a network would: without a word. */
	disconnect(thingName: string): void {
		for (const client of this.#live) if (this.#thing(client) === thingName) client.conn.destroy();
	}

	/** Cuts every connection, and listens again on the same port. Persistent sessions are kept. */
	async restart(): Promise<void> {
		await this.#secure.restart();
	}

	async close(): Promise<void> {
		this.#path.close();
		await this.#secure.close();
		await new Promise<void>((resolve) => this.#aedes.close(resolve));
		this.#sessions.close();
		await this.#options.cluster?.close();
	}

	#rules(): void {
		const aedes = this.#aedes;
		aedes.preConnect = (client, packet, done) => {
			const refusal = this.#connecting(client, packet);
			done(this.#refused(refusal, packet.clientId), refusal === undefined);
		};
		aedes.authorizePublish = (client, packet, done) => {
			// The broker's own messages come without a client; `$SYS` ones are not for devices.
			const principal = client && this.#connections.get(client)?.principal;
			if (!client || !principal) return done(null);
			const refusal = mayPublish(principal, client.id, packet);
			if (refusal === undefined && packet.topic.startsWith("$")) packet.topic = INBOX + packet.topic;
			done(this.#refused(refusal, client.id));
		};
		aedes.authorizeSubscribe = (client, subscription, done) => {
			const principal = this.#connections.get(client)?.principal;
			if (principal === undefined) return done(null, null);
			const others = Object.keys(subscriptionsOf(client)).filter((topic) => topic !== subscription.topic);
			const refusal = maySubscribe(principal, client.id, subscription, others.length);
			done(this.#refused(refusal, client.id), refusal === undefined ? subscription : null);
		};
		aedes.published = (packet, client, done) => {
			done();
			if (client !== null) this.#published(client, packet.topic, Buffer.from(packet.payload), packet.qos);
		};
		aedes.authorizeForward = (client, packet) => this.#forward(client, packet);
		aedes.on("clientReady", (client) => {
			this.#sessions.resumed(client.id);
			this.emit("connected", this.#thing(client), client.id);
			this.#cluster?.announce(this.#thing(client), client.id, true);
		});
		aedes.on("clientDisconnect", (client) => {
			if (!client.clean) this.#sessions.left(client.id);
			this.emit("disconnected", this.#thing(client), client.id);
			this.#cluster?.announce(this.#thing(client), client.id, false);
		});
		const failed = (client: Client, { message }: Error) => {
			// What was refused has its line already.
			if (!message.startsWith(REFUSED)) this.emit("log", `${client.id ?? "a client"}: ${message}`);
		};
		aedes.on("clientError", failed);
		aedes.on("connectionError", failed);
	}

	#connecting(client: Client, packet: ConnectPacket): Refusal | undefined {
		const principal = this.#connections.get(client)?.principal;
		const { clientId, keepalive = 0 } = packet;
		if (principal === undefined) return { action: "iot:Connect", resource: `client/${clientId}`, why: "it has gone" };
		const refusal = mayConnect(principal, clientId, packet.will, this.#options.isThing);
		if (refusal !== undefined) return refusal;
		packet.keepalive = 0; // aedes counts by the machine's clock, and takes any number of seconds
		this.#sessions.watch(client, keepalive, (seconds) => {
			this.emit("log", `${clientId}: silent for 1.5 times its keep-alive of ${seconds} s`);
			client.conn.destroy();
		});
		return undefined;
	}

	#published(client: Client, inbox: string, payload: Buffer, qos: number): void {
		const topic = inbox.startsWith(INBOX) ? inbox.slice(INBOX.length) : inbox;
		this.#message("device", client, topic, payload);
		const about = readServiceTopic(topic);
		if (about === undefined) return;
		// Blocks of a file come as often as they are asked for: nobody acknowledges them.
		const answerQos = about.service === "jobs" && qos > 0 ? 1 : 0;
		const request = { ...about, topic, payload };
		const send = (to: string, body: Buffer) => this.#answer(client, to, body, answerQos);
		this.#pass(client, "service", topic, (fault) => {
			if (this.#options.hasService ?? true) this.emit("request", { ...request, fault, send });
			else this.#cluster?.ask({ clientId: client.id, topic, payload, qos: answerQos, fault });
		});
	}

	/** Among others: what their clients ask comes here, or what this one's clients ask goes there. */
	#join(cluster: ClusterRequests): void {
		cluster.onPresence(({ thingName, clientId, online }) => {
			if (online) this.#sessions.resumed(clientId);
			this.emit(online ? "connected" : "disconnected", thingName, clientId);
		});
		cluster.onAnswered(({ clientId, topic, payload, qos }) => {
			for (const client of this.#live) if (client.id === clientId) this.#answer(client, topic, payload, qos);
		});
		if (this.#options.hasService ?? true) cluster.onAsked((request, answer) => this.#asked(request, answer));
	}

	#asked({ clientId, topic, payload, fault }: ClusterRequest, answer: (topic: string, payload: Buffer) => void): void {
		const about = readServiceTopic(topic);
		if (about === undefined) return;
		const { thingName } = about;
		this.emit("message", { from: "device", thingName, clientId, topic, payload });
		const send = (to: string, body: Buffer) => {
			this.emit("message", { from: "service", thingName, clientId, topic: to, payload: body });
			answer(to, body);
		};
		this.emit("request", { ...about, topic, payload, fault, send });
	}

	/** Straight to the client that asked, whether it subscribed or not; nobody else hears it. */
	#answer(client: Client, topic: string, body: Buffer, qos: 0 | 1): void {
		this.#pass(client, "device", topic, () => this.#send(client, topic, Buffer.from(body), qos));
	}

	/** What somebody published, on its way to one of those who subscribed. @returns null when it is not delivered now */
	#forward(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null {
		if (this.#direct.has(packet.payload as Buffer)) return packet;
		const principal = this.#connections.get(client)?.principal;
		if (principal === undefined) return null;
		const refusal = mayReceive(principal, client.id, packet.topic);
		if (refusal !== undefined) {
			this.#refused(refusal, client.id);
			return null;
		}
		const { topic } = packet;
		const payload = Buffer.from(packet.payload);
		const qos = Math.min(packet.qos, subscriptionsOf(client)[topic]?.qos ?? 1) as 0 | 1;
		let now: AedesPublishPacket | null = null;
		let asked = true;
		this.#pass(client, "device", topic, () => {
			// The first time, and at once: aedes itself goes on. Else a copy is sent.
			if (!asked || now !== null) return this.#send(client, topic, Buffer.from(payload), qos);
			this.#message("service", client, topic, payload);
			now = packet;
		});
		asked = false;
		return now;
	}

	/** Hands a message on, unless a fault meets it. */
	#pass(client: Client, to: Direction, topic: string, deliver: (fault: ErrorCode | undefined) => void): void {
		const connection = this.#connections.get(client);
		if (connection === undefined) return;
		const { principal, late } = connection;
		const cut = () => client.conn.destroy();
		this.#path.pass({ thingName: principal.thingName, to, topic, late, deliver, cut });
	}

	#send(client: Client, topic: string, payload: Buffer, qos: 0 | 1): void {
		if (!this.#live.has(client)) return;
		this.#direct.add(payload);
		this.#message("service", client, topic, payload);
		client.publish({ cmd: "publish", topic, payload, qos, retain: false, dup: false }, (error) => {
			if (error) this.emit("log", `${client.id}: the message on ${topic} was not delivered: ${error.message}`);
		});
	}

	#message(from: WireMessage["from"], client: Client, topic: string, payload: Buffer): void {
		if (this.listenerCount("message") === 0) return;
		this.emit("message", { from, thingName: this.#thing(client), clientId: client.id, topic, payload });
	}

	#thing(client: Client): string {
		return this.#connections.get(client)?.principal.thingName ?? "";
	}

	#refused(refusal: Refusal | undefined, clientId: string): Error | null {
		if (refusal === undefined) return null;
		const line = describeRefusal(refusal, clientId);
		this.emit("log", line);
		return new Error(line);
	}
}

/** What aedes's types leave out. */
interface ClientInternals {
	readonly subscriptions: Record<string, { readonly qos: number }>;
	readonly _parser: EventEmitter<{ packet: [Packet] }>;
}

interface Packet {
	readonly cmd: string;
	readonly subscriptions: readonly { topic: string }[];
}

function subscriptionsOf(client: Client): ClientInternals["subscriptions"] {
	return (client as unknown as ClientInternals).subscriptions;
}

/** aedes offers no event for each packet: its parser has one. */
function onEachPacket(client: Client, listener: (packet: Packet) => void): void {
	(client as unknown as ClientInternals)._parser.prependListener("packet", listener);
}
