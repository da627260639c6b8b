import { Session } from "../transport/session.js";
import { Engine } from "./engine.js";
import type { AgentOptions } from "./options.js";
import { Topics } from "./topics.js";

/** The agent: a connection, and the engine that drives executions over it. */
export class Agent {
	readonly #engine: Engine;
	readonly #session: Session;

	constructor(options: AgentOptions) {
		this.#engine = new Engine(options);
		this.#session = new Session({
			network: options.network,
			host: options.host,
			port: options.port,
			clientId: options.thingName,
			topic: new Topics(options.thingName).notifyNext,
			bufferBytes: options.messageBytes ?? 4_096,
			startJitterMs: options.startJitterMs ?? 5_000,
			keepAliveMs: options.keepAliveMs ?? 60_000,
			onOnline: (link) => this.#engine.online(link),
			onOffline: () => this.#engine.offline(),
			onMessage: (topic, payload) => this.#engine.receive(topic, payload),
			log: this.#engine.log,
		});
	}

	/** Reads the execution record, then connects. */
	start(): void {
		this.#engine.start();
		this.#session.start();
	}
}
