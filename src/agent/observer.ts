import { LogLevel } from "../base/log.js";
import type { DeviceStatus } from "../protocol/messages.js";
import type { ExecutionRecord } from "../protocol/record.js";
import type { AgentEvent } from "./events.js";
import type { ObserverOptions } from "./options.js";

/** Tells the application what happens. Neither its log nor its hook can disturb the agent. */
export class Observer {
	readonly #options: ObserverOptions;

	constructor(options: ObserverOptions) {
		this.#options = options;
	}

	/** A line for the log; one of level error is an event too. */
	log(text: string, level: LogLevel = LogLevel.info): void {
		const { log, logLevel = LogLevel.info } = this.#options;
		if (level === LogLevel.error) this.tell({ type: "error", text });
		if (level > logLevel) return;
		if (log === undefined) return trace(`${text}\n`);
		try {
			log(text, level);
		} catch {
			// There is nobody left to be told.
		}
	}

	tell(event: AgentEvent): void {
		try {
			this.#options.onEvent?.(event);
		} catch (error) {
			this.log(`onEvent threw ${String(error)}`);
		}
	}

	claimed({ jobId, executionNumber }: ExecutionRecord): void {
		this.tell({ type: "claimed", jobId, executionNumber });
	}

	reported({ jobId, executionNumber, details }: ExecutionRecord, status: DeviceStatus): void {
		this.tell({ type: "reported", jobId, executionNumber, status, details });
	}

	letGo({ jobId, executionNumber }: ExecutionRecord, why: string): void {
		this.tell({ type: "released", jobId, executionNumber, why });
	}
}
