import { LogLevel } from "../base/log.js";
import { type AgentEvent, Counters } from "./events.js";
import type { GatedStep } from "./handler.js";
import type { EngineOptions } from "./options.js";

/**
 * The application around the agent: it is told what happens, may put off a step, and resets the device. Neither its log
 * nor its hook can disturb the agent.
 */
export class Application {
	readonly counters = new Counters();
	private readonly options: EngineOptions;

	constructor(options: EngineOptions) {
		this.options = options;
	}

	/** A line for the log; one of level error is an event too. */
	log(text: string, level: LogLevel = LogLevel.info): void {
		const { log, logLevel = LogLevel.info } = this.options;
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
			this.options.onEvent?.(event);
		} catch (error) {
			this.log(`onEvent threw ${String(error)}`);
		}
	}

	get resetReason(): string {
		return this.options.resetReason;
	}

	/** Calls `proceed` when the application allows the step. */
	gate(step: GatedStep, proceed: () => void): void {
		const { gate } = this.options;
		if (gate === undefined) proceed();
		else gate(step, proceed);
	}

	/** Resets the device; does not return on the chip. */
	restart(): void {
		this.options.restart();
	}
}
