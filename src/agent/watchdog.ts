import Timer from "timer";
import { later } from "../base/timer.js";

const MINUTE_MS = 60_000;

/** What the step timer asks for. */
export interface WatchdogHost {
	log(text: string): void;
	/** Half of the step timer has passed since the last report. */
	renew(): void;
	/** The handler has given no sign of life for so many minutes. */
	stalled(minutes: number): void;
}

/**
 * Two watches over a running handler, looked at once a minute: the service's step timer, which a report starts anew, and
 * the handler's own signs of life. While the handler waits for the application or the service, nobody expects any.
 */
export class Watchdog {
	readonly #host: WatchdogHost;
	readonly #stepMinutes: number;
	readonly #stallMinutes: number;
	#timer: Timer | undefined = undefined;
	#unreported = 0;
	#quiet = 0;
	/** The application holds a gate, or the service has not handed out the document again yet. */
	held = false;

	/**
	 * @param stepMinutes what the service is asked for with each report; 0 for nothing
	 * @param stallMinutes how long a handler may be silent; 0 for ever
	 */
	constructor(host: WatchdogHost, stepMinutes: number, stallMinutes: number) {
		this.#host = host;
		this.#stepMinutes = stepMinutes;
		this.#stallMinutes = stallMinutes;
	}

	/** A handler runs. */
	start(): void {
		this.held = false;
		this.#unreported = this.#quiet = 0;
		this.#look();
	}

	stop(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	/** The handler has given a sign of life. */
	alive(): void {
		this.#quiet = 0;
	}

	/** The service has started its timer anew. */
	reported(): void {
		this.#unreported = 0;
	}

	/** The service says how long its timer still has: after a long time without power it may be little. */
	left(seconds: number | undefined): void {
		if (seconds !== undefined) this.#unreported = this.#stepMinutes - Math.floor(seconds / 60);
	}

	#look(): void {
		this.stop();
		this.#timer = later(() => this.#minute(), MINUTE_MS, this.#host);
	}

	#minute(): void {
		this.#look();
		this.#unreported += 1;
		if (this.held) this.#quiet = 0;
		else this.#quiet += 1;
		if (this.#stallMinutes > 0 && this.#quiet >= this.#stallMinutes) this.#host.stalled(this.#quiet);
		else if (this.#stepMinutes > 0 && this.#unreported * 2 >= this.#stepMinutes) this.#host.renew();
	}
}
