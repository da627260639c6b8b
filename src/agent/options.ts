import type { LogLevel } from "../base/log.js";
import type { AgentEvent } from "./events.js";
import type { GatedStep } from "./handler.js";
import type { HandlerRegistry } from "./handler-registry.js";
import type { SlotStorage } from "./record-store.js";
import type { Streams } from "./streams.js";

/** Default of `EngineOptions.stepTimeoutMinutes`: a day. */
export const DEFAULT_STEP_MINUTES = 1_440;

/** What an application says to its agent, whatever link the agent uses. */
export interface EngineOptions {
	/** The device's name in AWS IoT: the certificate must belong to it. It is the MQTT client id as well. */
	readonly thingName: string;
	/** Where the execution record is kept. */
	readonly storage: SlotStorage;
	readonly handlers: HandlerRegistry;
	/** Resets the device; does not return on the chip. */
	readonly restart: () => void;
	/** Why the device was reset last, in the platform's word. */
	readonly resetReason: string;
	/** Resets without a checkpoint after which a job ends FAILED with `tooManyResets`. Default 10. */
	readonly maxResetsSinceCheckpoint?: number | undefined;
	/** Resets after which a job ends FAILED with `tooManyResets`, checkpoints or not. Default 100. */
	readonly maxResets?: number | undefined;
	/**
	 * The service's step timer, in minutes, 1..10,080: it ends the execution with TIMED_OUT when this device has been silent
	 * for so long. Renewed while a handler works. Default 1,440, a day; 0 for none.
	 */
	readonly stepTimeoutMinutes?: number | undefined;
	/** A handler without a sign of life is given up after so many minutes. Default 30; 0 for never. */
	readonly stallMinutes?: number | undefined;
	/** The least time between two progress reports, in ms: what comes in between is joined. Default 1,000. */
	readonly progressMs?: number | undefined;
	/** Carries MQTT file streams: `new Streams(thingName)`. Default: none are read. */
	readonly streams?: Streams | undefined;
	/** Lets the application defer a step: call `proceed` when it is safe. Default: at once. */
	readonly gate?: ((step: GatedStep, proceed: () => void) => void) | undefined;
	/** Default: the console. */
	readonly log?: ((text: string, level: LogLevel) => void) | undefined;
	/** The most verbose level that is logged. Default: info. */
	readonly logLevel?: LogLevel | undefined;
	/** Told what happens, for a display or a report elsewhere. What it throws is logged. */
	readonly onEvent?: ((event: AgentEvent) => void) | undefined;
}
