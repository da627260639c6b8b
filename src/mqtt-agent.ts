import { Engine } from "./agent/engine.js";
import type { Counters } from "./agent/events.js";
import type { EngineOptions } from "./agent/options.js";
import { Session, type SessionOptions } from "./link/mqtt-link.js";

export type AgentOptions = EngineOptions & SessionOptions;

/** The agent: a connection, and the engine that drives executions over it. */
export class Agent {
	readonly #engine: Engine;
	readonly #session: Session;

	constructor(options: AgentOptions) {
		this.#engine = new Engine(options);
		this.#session = new Session(this.#engine, options);
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
