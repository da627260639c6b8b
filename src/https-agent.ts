import { Engine } from "./agent/engine.js";
import type { Counters } from "./agent/events.js";
import type { EngineOptions } from "./agent/options.js";
import { HttpsLink } from "./link/https-link.js";
import type { HttpsLinkOptions } from "./link/link-options.js";

export type HttpsAgentOptions = EngineOptions & HttpsLinkOptions;

/**
 * The agent over HTTPS, for devices that sleep: wake, ask, do what is pending, report, sleep. The same engine and the same
 * promises as over MQTT; what it gives up is being told at once.
 */
export class HttpsAgent {
	private readonly engine: Engine;
	private readonly link: HttpsLink;

	constructor(options: HttpsAgentOptions) {
		this.engine = new Engine(options);
		this.link = new HttpsLink(this.engine, options);
	}

	/** What happened since the start. */
	get counters(): Counters {
		return this.engine.counters;
	}

	/** Reads the execution record, then asks. */
	start(): void {
		this.engine.start();
		this.link.start();
	}
}
