import Timer from "timer";
import type { LinkHost } from "../agent/link.js";
import { Backoff } from "../base/backoff.js";
import { LogLevel } from "../base/log.js";
import { later } from "../base/timer.js";
import type { ConnectionOwner } from "./guards.js";
import { DEFAULT_START_JITTER_MS, type LinkOptions } from "./link-options.js";

/** Between two connections: exponential, with full jitter. */
const BACKOFF_BASE_MS = 1_000;
const BACKOFF_CAP_MS = 300_000;
/** A connection over which the service has answered, and which then lasts so long, was a good one. */
const GOOD_MS = 60_000;

/**
 * When a link connects, be it MQTT or HTTPS: once the network is joined and a random delay is over, and again with back-off
 * whenever a connection is given up. A link has one timer. Nothing that the platform calls throws out of it: on XS that would
 * end the machine.
 */
export abstract class Dialer<Options extends LinkOptions> implements ConnectionOwner {
	/** Counts the clients that were given up: what they still say is not heard. */
	connection = 0;
	protected state: LinkState = "waiting";
	protected readonly host: LinkHost;
	protected readonly options: Options;
	private readonly backoff = new Backoff(BACKOFF_BASE_MS, BACKOFF_CAP_MS);
	private timer: Timer | undefined;
	/** Set when the service has answered over this connection. */
	private goodTimer: Timer | undefined;

	constructor(host: LinkHost, options: Options) {
		this.host = host;
		this.options = options;
	}

	/** The time to connect has come. */
	protected abstract connect(): void;
	/** The connection has failed. The client's code may be running below: it must not find itself closed. */
	protected abstract fail(reason: string): void;
	/** Closes the platform's client, if there is one, and forgets it. */
	protected abstract closeClient(): void;

	start(): void {
		const { join, startJitterMs = DEFAULT_START_JITTER_MS } = this.options;
		const joined = () => this.connectIn(Math.floor(Math.random() * (startJitterMs + 1)));
		if (join === undefined) joined();
		else join(joined);
	}

	alive(): void {
		this.goodTimer ??= later(this.backoff, this.backoff.reset, GOOD_MS, this.host);
	}

	reconnect(reason: string): void {
		if (this.state === "closed") return;
		this.host.log(`connection given up: ${reason}`, LogLevel.error);
		this.clearGood();
		this.hangUp("waiting");
		const delay = this.backoff.next();
		this.host.log(`connecting again in ${delay} ms`);
		this.connectIn(delay);
	}

	close(): void {
		this.hangUp("closed");
	}

	failed(error: unknown, connection: number): void {
		if (connection === this.connection) this.fail(String(error));
		else this.host.log(`a connection that was given up threw ${String(error)}`);
	}

	protected get isOnline(): boolean {
		return this.state === "online" || this.state === "asking";
	}

	/** For all that a client calls. @param connection the one for which the client was made @param method of this link */
	enter<A, B>(connection: number, method: (a: A, b: B) => void, a?: A, b?: B): void {
		if (connection !== this.connection) return;
		try {
			method.call(this, a as A, b as B);
		} catch (error) {
			this.fail(String(error));
		}
	}

	protected hangUp(next: LinkState): void {
		const wasOnline = this.isOnline;
		// It ends by our own will: an answer was all that was wanted.
		if (this.goodTimer !== undefined) this.backoff.reset();
		this.clearGood();
		this.state = next;
		this.stopTimer();
		this.dropClient();
		if (wasOnline) this.host.offline();
	}

	private clearGood(): void {
		Timer.clear(this.goodTimer);
		this.goodTimer = undefined;
	}

	protected dropClient(): void {
		this.connection += 1;
		this.closeClient();
	}

	protected connectIn(milliseconds: number): void {
		this.after(milliseconds, this.connect);
	}

	/** Sets the timer, in place of what it was set for before. */
	protected after(milliseconds: number, callback: (this: this) => void): void {
		this.stopTimer();
		this.timer = later(this, callback, milliseconds, this.host);
	}

	protected stopTimer(): void {
		Timer.clear(this.timer);
		this.timer = undefined;
	}
}

/** What a link is doing. */
export type LinkState =
	/** It waits for its time to connect: start jitter, back-off, or the next poll. */
	| "waiting"
	/** MQTT: the connection is being made, CONNACK has not come. */
	| "connecting"
	/** MQTT: SUBACK has not come. */
	| "subscribing"
	/** The engine may send. */
	| "online"
	/** HTTPS: online, and a request waits for its answer. */
	| "asking"
	/** It connects no more. */
	| "closed";
