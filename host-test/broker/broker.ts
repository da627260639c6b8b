import { EventEmitter, once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { Aedes, type Client } from "aedes";
import { mayConnect, mayPublish, maySubscribe, type Refusal } from "./permissions.js";
import type { Pair } from "./pki.js";
import { certificateId } from "./pki.js";

export interface BrokerOptions {
	readonly host: string;
	/** 0 takes a free one. */
	readonly port: number;
	readonly server: Pair;
	/** PEM */
	readonly ca: string;
	/** The thing to which a certificate (its SHA-256, see `certificateId`) is attached. */
	readonly thingOf: (certificateId: string) => string | undefined;
	readonly isThing: (name: string) => boolean;
}

/** A message on its way between a client and the broker. */
export interface WireMessage {
	readonly from: "device" | "service";
	readonly thingName: string;
	readonly clientId: string;
	readonly topic: string;
	readonly payload: Buffer;
}

interface BrokerEvents {
	connected: [thingName: string, clientId: string];
	disconnected: [thingName: string, clientId: string];
	/** A client published in the jobs namespace of its thing. */
	request: [thingName: string, rest: string, payload: Buffer, answer: (last: string, payload: object) => void];
	message: [WireMessage];
	/** A line for the log: who was refused what, and why. */
	log: [string];
}

const JOBS_TOPIC = /^\$aws\/things\/([a-zA-Z0-9:_-]{1,128})\/jobs\/(.+)$/;

/** The MQTT broker: aedes behind mutual TLS, with AWS's rules for who may do what. */
export class Broker extends EventEmitter<BrokerEvents> {
	readonly #options: BrokerOptions;
	readonly #aedes: Aedes;
	readonly #server: Server;
	readonly #things = new WeakMap<object, string>();
	readonly #sockets = new Set<TLSSocket>();

	private constructor(options: BrokerOptions, aedes: Aedes) {
		super();
		this.#options = options;
		this.#aedes = aedes;
		const { server, ca } = options;
		this.#server = createServer(
			{
				key: server.privateKey,
				cert: server.certificate,
				ca,
				requestCert: true,
				rejectUnauthorized: true,
				minVersion: "TLSv1.2",
				noDelay: true, // answers are small, and a device waits for each
			},
			(socket) => this.#connected(socket),
		);
		// Port scanners and clients with a wrong certificate end here; unhandled, they would end the process.
		this.#server.on("tlsClientError", (error, socket) => {
			this.emit("log", `TLS with ${socket.remoteAddress ?? "a client"} failed: ${error.message}`);
		});
		this.#rules();
	}

	static async start(options: BrokerOptions): Promise<Broker> {
		const aedes = await Aedes.createBroker({ maxTopicLevels: 100, maxClientsIdLength: 256 });
		const broker = new Broker(options, aedes);
		try {
			broker.#server.listen(options.port, options.host);
			await once(broker.#server, "listening");
		} catch (error) {
			aedes.close();
			throw error;
		}
		return broker;
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
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
		for (const socket of this.#sockets) if (this.#things.get(socket) === thingName) socket.destroy();
	}

	async close(): Promise<void> {
		const closed = once(this.#server, "close");
		this.#server.close();
		for (const socket of this.#sockets) socket.destroy();
		await new Promise<void>((resolve) => this.#aedes.close(resolve));
		await closed;
	}

	#connected(socket: TLSSocket): void {
		this.#sockets.add(socket);
		socket.on("close", () => this.#sockets.delete(socket));
		socket.on("error", (error) => this.emit("log", `connection lost: ${error.message}`));
		const id = certificateId(socket.getPeerCertificate().raw);
		const thingName = this.#options.thingOf(id);
		if (thingName === undefined) {
			this.emit("log", `refused: the certificate ${id} is attached to no thing`);
			socket.destroy();
			return;
		}
		this.#things.set(socket, thingName);
		this.#things.set(this.#aedes.handle(socket), thingName);
	}

	#rules(): void {
		const aedes = this.#aedes;
		aedes.preConnect = (client, packet, done) => {
			const refusal = mayConnect(this.#thing(client), packet.clientId, this.#options.isThing);
			done(this.#refused(refusal, packet.clientId), refusal === undefined);
		};
		aedes.authorizePublish = (client, packet, done) => {
			// The broker's own messages (a will among them) come without a client; `$SYS` ones are not for devices.
			if (client === null) return done(null);
			done(this.#refused(mayPublish(this.#thing(client), packet), client.id));
		};
		aedes.authorizeSubscribe = (client, subscription, done) => {
			const refusal = maySubscribe(this.#thing(client), subscription.topic, subscription.qos);
			done(this.#refused(refusal, client.id), refusal === undefined ? subscription : null);
		};
		aedes.published = (packet, client, done) => {
			done();
			if (client !== null) this.#published(client, packet.topic, Buffer.from(packet.payload), packet.qos);
		};
		aedes.authorizeForward = (client, packet) => {
			const thingName = this.#things.get(client);
			if (thingName !== undefined)
				this.#message("service", thingName, client, packet.topic, Buffer.from(packet.payload));
			return packet;
		};
		aedes.on("clientReady", (client) => this.emit("connected", this.#thing(client), client.id));
		aedes.on("clientDisconnect", (client) => this.emit("disconnected", this.#thing(client), client.id));
		aedes.on("clientError", (client, error) => this.emit("log", `${client.id}: ${error.message}`));
		aedes.on("connectionError", (client, error) => this.emit("log", `${client.id ?? "a client"}: ${error.message}`));
	}

	#published(client: Client, topic: string, payload: Buffer, qos: number): void {
		const thingName = this.#thing(client);
		this.#message("device", thingName, client, topic, payload);
		const match = JOBS_TOPIC.exec(topic);
		if (match === null || match[1] !== thingName) return;
		const answer = (last: string, body: object) => this.#answer(client, `${topic}/${last}`, body, qos);
		this.emit("request", thingName, match[2] as string, payload, answer);
	}

	/** Straight to the client that asked, whether it subscribed or not; nobody else hears it. */
	#answer(client: Client, topic: string, body: object, qos: number): void {
		const payload = Buffer.from(JSON.stringify(body));
		const packet = { cmd: "publish", topic, payload, qos: qos === 0 ? 0 : 1, retain: false, dup: false } as const;
		client.publish(packet, (error) => {
			if (error) this.emit("log", `${client.id}: the answer on ${topic} was not delivered: ${error.message}`);
		});
	}

	#message(from: WireMessage["from"], thingName: string, client: Client, topic: string, payload: Buffer): void {
		this.emit("message", { from, thingName, clientId: client.id, topic, payload });
	}

	#thing(client: Client): string {
		return this.#things.get(client) ?? "";
	}

	#refused(refusal: Refusal | undefined, clientId: string): Error | null {
		if (refusal === undefined) return null;
		const { action, resource, why } = refusal;
		const line = `refused: client ${clientId}, action ${action}, resource ${resource}: ${why}`;
		this.emit("log", line);
		return new Error(line);
	}
}
