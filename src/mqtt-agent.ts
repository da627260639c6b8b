import { Engine } from "./agent/engine.js";
import type { Counters } from "./agent/events.js";
import type { EngineOptions } from "./agent/options.js";
import type { MqttLinkOptions } from "./link/link-options.js";
import { MqttLink } from "./link/mqtt-link.js";

export type MqttAgentOptions = EngineOptions & MqttLinkOptions;

/**
 * The agent over MQTT: it is told of a job at once. An application makes one and calls `start`; `makeApp` of `app/app.ts`
 * brings the options of a board.
 */
export class MqttAgent {
	private readonly engine: Engine;
	private readonly link: MqttLink;

	constructor(options: MqttAgentOptions) {
		this.engine = new Engine(options);
		this.link = new MqttLink(this.engine, options);
	}

	/** What happened since the start. */
	get counters(): Counters {
		return this.engine.counters;
	}

	/** Reads the execution record, then connects. */
	start(): void {
		this.engine.start();
		this.link.start();
	}
}
