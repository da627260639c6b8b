import { Engine } from "./agent/engine.js";
import type { Counters } from "./agent/events.js";
import type { EngineOptions } from "./agent/options.js";
import { DataPlane, type DataPlaneOptions } from "./link/https-link.js";

export type PollingAgentOptions = EngineOptions & DataPlaneOptions;

/**
 * The agent over HTTPS, for devices that sleep: wake, ask, do what is pending, report, sleep. The same engine and the same
 * promises as over MQTT; what it gives up is being told at once.
 */
export class PollingAgent {
	readonly #engine: Engine;
	readonly #dataPlane: DataPlane;

	constructor(options: PollingAgentOptions) {
		this.#engine = new Engine(options);
		this.#dataPlane = new DataPlane(this.#engine, options);
	}

	/** What happened since the start. */
	get counters(): Counters {
		return this.#engine.counters;
	}

	/** Reads the execution record, then asks. */
	start(): void {
		this.#engine.start();
		this.#dataPlane.start();
	}
}
