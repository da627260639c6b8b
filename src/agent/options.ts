import type { JoinNetwork } from "../transport/join.js";
import type { Network } from "../transport/session.js";
import type { AgentEvent } from "./events.js";
import type { GatedStep, HandlerRegistry } from "./handler.js";
import type { LogLevel } from "./log.js";
import type { SlotStorage } from "./record-store.js";

/** What an application may hear of. */
export interface ObserverOptions {
	/** Default: the console. */
	readonly log?: ((text: string, level: LogLevel) => void) | undefined;
	/** What is logged at most. Default: info. */
	readonly logLevel?: LogLevel | undefined;
	/** Told what happens, for a display or a report elsewhere. What it throws is logged. */
	readonly onEvent?: ((event: AgentEvent) => void) | undefined;
}

/** What the engine needs: the protocol, without a connection. */
export interface EngineOptions extends ObserverOptions {
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
	readonly maxBoots?: number | undefined;
	/** Resets after which a job ends FAILED with `tooManyResets`, checkpoints or not. Default 100. */
	readonly maxAttempts?: number | undefined;
	/**
	 * The service's step timer, in minutes, 1..10,080: it ends the execution with TIMED_OUT when this device has been silent
	 * for so long. Renewed while a handler works. Default 1,440, a day; 0 for none.
	 */
	readonly stepTimeoutMinutes?: number | undefined;
	/** A handler without a sign of life is given up after so many minutes. Default 30; 0 for never. */
	readonly stallMinutes?: number | undefined;
	/** The least time between two progress reports, in ms: what comes in between is joined. Default 1,000. */
	readonly progressMs?: number | undefined;
	/** Lets the application defer a step: call `proceed` when it is safe. Default: at once. */
	readonly gate?: ((step: GatedStep, proceed: () => void) => void) | undefined;
}

export interface AgentOptions extends EngineOptions {
	/** The endpoint that `aws iot describe-endpoint --endpoint-type iot:Data-ATS` names. */
	readonly host: string;
	/** 8883, or 443 with the ALPN name in `network.tls`. */
	readonly port: number;
	readonly network: Network;
	/** For a device that has to join its network itself: Wi-Fi. */
	readonly join?: JoinNetwork | undefined;
	/** The largest message that is accepted, in bytes; a job whose document makes it larger is REJECTED. Default 4,096. */
	readonly messageBytes?: number | undefined;
	/** The first connection after the start waits a random time up to this. Default 5,000 ms. */
	readonly startJitterMs?: number | undefined;
	/**
	 * Subscribes to the answers as well: for a broker that, other than AWS's, delivers to subscribers alone (`iot-jobs emulate
	 * --broker`). Default false.
	 */
	readonly subscribeAnswers?: boolean | undefined;
	/** 30,000..1,200,000 ms, AWS's bounds. Default 60,000. */
	readonly keepAliveMs?: number | undefined;
}
