import { Engine } from "./agent/engine.js";
import type { Counters } from "./agent/events.js";
import type { EngineOptions } from "./agent/options.js";
import { MqttLink, type MqttLinkOptions } from "./link/mqtt-link.js";

export type MqttAgentOptions = EngineOptions & MqttLinkOptions;

/** The agent: a connection, and the engine that drives executions over it. */
export class MqttAgent {
	readonly #engine: Engine;
	readonly #session: MqttLink;

	constructor(options: MqttAgentOptions) {
		this.#engine = new Engine(options);
		this.#session = new MqttLink(this.#engine, options);
	}

	/** What happened since the start. */
	get counters(): Counters {
		return this.#engine.counters;
	}

	/** Reads the execution record, then connects. */
	start(): void {
		this.#engine.start();
		this.#session.start();
	}
}
