import { EventEmitter } from "node:events";
import type { TLSSocket } from "node:tls";
import { Aedes, type AedesPublishPacket, type Client } from "aedes";
import type { ErrorCode } from "../../../src/protocol/messages.js";
import type { Clock } from "../../clock.js";
import { plainText } from "../base/plain-text.js";
import type { Direction, Faults } from "../faults/faults.js";
import { FaultyPath, type HeldBack } from "../faults/faulty-path.js";
import { MAX_PAYLOAD_BYTES, type Principal, REFUSED } from "../identity/permissions.js";
import { certificateId, type Pair } from "../identity/pki.js";
import { demandMusts, limitPackets, subscriptionsOf } from "./aedes-internals.js";
import type { ClusterBackend } from "./cluster.js";
import { type ClusterRequest, ClusterRequests } from "./cluster-requests.js";
import { Rules, SERVICE_INBOX } from "./rules.js";
import { ALPN_MQTT, SecurePort } from "./secure-port.js";
import { type BrokerEvents, readServiceTopic, type ServiceBroker, type WireMessage } from "./service-broker.js";
import { Sessions } from "./sessions.js";

export interface BrokerOptions {
	readonly host: string;
	/** 0 takes a free one. */
	readonly port: number;
	readonly server: Pair;
	/** See `SecurePortOptions`. */
	readonly ca: string | readonly string[];
	/** Who connects with a certificate, given by its id (see `certificateId`) and its common name. undefined: refused. */
	readonly principalOf: (certificateId: string, commonName: string) => Principal | undefined;
	readonly isThing: (name: string) => boolean;
	readonly faults: Faults;
	/** Set when other brokers share the clients. */
	readonly cluster?: ClusterBackend | undefined;
	/** Whether the Jobs service is attached to this broker of the cluster. Default: true. */
	readonly hasService?: boolean;
	/** For keep-alive, the expiry of persistent sessions, and delays. */
	readonly clock: Clock;
}

/** The largest payload, with 1 KB for topic and head. */
const MAX_PACKET_BYTES = MAX_PAYLOAD_BYTES + 1_024;
/** In ms: from the TLS handshake to the CONNECT; and until a client that does not read what it gets is cut. */
const TIME_LIMITS = { connectTimeout: 20_000, drainTimeout: 30_000 };

interface Connection {
	readonly certificateId: string;
	readonly principal: Principal;
	readonly heldBack: HeldBack;
}

/**
 * The embedded MQTT broker: aedes behind mutual TLS. It hands the requests of devices to the Jobs service, lets faults meet messages
 * on their way, and passes requests on to another broker of the cluster where the service is there. Who may do what: `Rules`.
 */
export class Broker extends EventEmitter<BrokerEvents> implements ServiceBroker {
	readonly #options: BrokerOptions;
	readonly #aedes: Aedes;
	readonly #secure: SecurePort;
	readonly #sessions: Sessions;
	readonly #rules: Rules;
	/** Also of clients that have disconnected: their last messages are still handled. */
	readonly #connections = new WeakMap<Client, Connection>();
	readonly #live = new Set<Client>();
	/** Payloads sent to one client by name: these are not checked against its policy again. */
	readonly #direct = new WeakSet<object>();
	readonly #path: FaultyPath;
	readonly #cluster: ClusterRequests | undefined;

	private constructor(options: BrokerOptions, aedes: Aedes, secure: SecurePort) {
		super();
		this.#options = options;
		this.#aedes = aedes;
		this.#secure = secure;
		this.#sessions = new Sessions(options.clock, aedes);
		this.#rules = new Rules({
			sessions: this.#sessions,
			principalOf: (client) => this.#connections.get(client)?.principal,
			isThing: options.isThing,
			log: (line) => this.emit("log", line),
		});
		this.#path = new FaultyPath(options.faults, options.clock, (what) => this.emit("restart", what));
		this.#cluster = options.cluster && new ClusterRequests(aedes);
		if (this.#cluster !== undefined) this.#join(this.#cluster);
		secure.on("log", (line) => this.emit("log", line));
		secure.on("connection", (socket) => this.accept(socket));
		this.#listen();
	}

	static async start(options: BrokerOptions): Promise<Broker> {
		const { host, port, server, ca } = options;
		const protocols = [ALPN_MQTT, "mqtt"];
		const secure = await SecurePort.listen({ host, port, server, ca, demandCertificate: true, protocols });
		const limits = { maxTopicLevels: 100, maxClientsIdLength: 256, ...TIME_LIMITS };
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

	/** Takes over a connection after its TLS handshake: of this port, or of another port that speaks MQTT as well. */
	accept(socket: TLSSocket): void {
		const certificate = socket.authorized ? socket.getPeerCertificate() : undefined;
		const id = certificate && certificateId(certificate.raw);
		const principal = id && this.#options.principalOf(id, String(certificate?.subject.CN ?? ""));
		if (!principal) {
			const who =
				id === undefined
					? "the client has no certificate of this CA"
					: `the certificate ${id} is not active, or has no policy`;
			this.emit("log", `refused: ${who}`);
			socket.destroy();
			return;
		}
		const client = this.#aedes.handle(socket);
		limitPackets(client, MAX_PACKET_BYTES);
		demandMusts(client);
		this.#connections.set(client, { certificateId: id, principal, heldBack: {} });
		this.#live.add(client);
		socket.on("close", () => {
			this.#live.delete(client);
			this.#sessions.ended(client);
		});
		this.#rules.watch(client);
	}

	/** Publishes to all subscribers. */
	publish(topic: string, payload: object): void {
		const bytes = Buffer.from(JSON.stringify(payload));
		const packet = { cmd: "publish", topic, payload: bytes, qos: 1, retain: false, dup: false } as const;
		this.#aedes.publish(packet, (error) => {
			if (error) this.emit("log", `publishing on ${topic} failed: ${error.message}`);
		});
	}

	/** Cuts the connections of a thing, without a DISCONNECT, as a network failure would. */
	disconnect(thingName: string): void {
		for (const client of this.#live) if (this.#thing(client) === thingName) client.conn.destroy();
	}

	/** Cuts the connections with a certificate, which may not connect any more, or not for the same thing. */
	refuse(id: string): void {
		for (const client of this.#live) {
			if (this.#connections.get(client)?.certificateId !== id) continue;
			this.emit("log", `refused: ${client.id}: its certificate ${id} has lost its thing, its policy, or ACTIVE`);
			client.conn.destroy();
		}
	}

	trust(ca: readonly string[]): void {
		this.#secure.trust(ca);
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

	#listen(): void {
		const aedes = this.#aedes;
		this.#rules.apply(aedes);
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
			// A refusal has its line in the log already.
			if (!message.startsWith(REFUSED)) this.emit("log", plainText(`${client.id ?? "a client"}: ${message}`));
		};
		aedes.on("clientError", failed);
		aedes.on("connectionError", failed);
	}

	/** A device has published a message: if it is a request to the service, it goes there. */
	#published(client: Client, inbox: string, payload: Buffer, qos: number): void {
		const topic = inbox.startsWith(SERVICE_INBOX) ? inbox.slice(SERVICE_INBOX.length) : inbox;
		this.#message("device", client, topic, payload);
		const about = readServiceTopic(topic);
		if (about === undefined) return;
		// Blocks of a file stream are sent with QoS 0: a device asks again for those that it misses.
		// Open point: QoS of answers.
		const answerQos = about.service === "jobs" && qos > 0 ? 1 : 0;
		const request = { ...about, topic, payload };
		const send = (to: string, body: Buffer) => this.#answer(client, to, body, answerQos);
		this.#pass(client, "service", topic, (fault) => {
			if (this.#options.hasService ?? true) this.emit("request", { ...request, fault, send });
			else this.#cluster?.ask({ clientId: client.id, topic, payload, qos: answerQos, fault });
		});
	}

	/** Joins the cluster: the broker that has the service is asked by the others, and sends them the answers. */
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

	/** A client of another broker asks the service. */
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

	/** Sends an answer to the client that asked, whether it has subscribed or not, and to nobody else, as AWS does. */
	#answer(client: Client, topic: string, body: Buffer, qos: 0 | 1): void {
		this.#pass(client, "device", topic, () => this.#send(client, topic, Buffer.from(body), qos));
	}

	/** aedes is about to deliver a message to a subscriber. @returns null when it is not delivered now */
	#forward(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null {
		if (this.#direct.has(packet.payload as Buffer)) return packet;
		if (!this.#rules.mayDeliver(client, packet.topic)) return null;
		const { topic } = packet;
		const payload = Buffer.from(packet.payload);
		const qos = Math.min(packet.qos, subscriptionsOf(client)[topic]?.qos ?? 1) as 0 | 1;
		let now: AedesPublishPacket | null = null;
		let returned = false;
		this.#pass(client, "device", topic, () => {
			// Delivered at once, aedes sends its packet. Delivered later, or a second time, a copy is sent.
			if (returned || now !== null) return this.#send(client, topic, Buffer.from(payload), qos);
			this.#message("service", client, topic, payload);
			now = packet;
		});
		returned = true;
		return now;
	}

	/** Delivers a message, unless a fault meets it. */
	#pass(client: Client, to: Direction, topic: string, deliver: (fault: ErrorCode | undefined) => void): void {
		const connection = this.#connections.get(client);
		if (connection === undefined) return;
		const { principal, heldBack } = connection;
		const cut = () => client.conn.destroy();
		this.#path.pass({ thingName: principal.thingName ?? "", to, topic, heldBack, deliver, cut });
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
}
