import { Session } from "../transport/session.js";
import { Engine } from "./engine.js";
import type { Counters } from "./events.js";
import type { AgentOptions } from "./options.js";

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
