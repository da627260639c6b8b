import SNTP from "sntp";
import Time from "time";
import WiFi from "wifi";
import { later } from "../base/timer.js";

/** The access point that the device joins. */
export interface WiFiCredentials {
	/** 1..32 bytes */
	readonly ssid: string;
	/** WPA: 8..63 characters; "" for an open network. */
	readonly password: string;
}

/** After a failed or lost connection. */
const RETRY_MS = 5_000;
/** A clock that says less has not been set since the power came: 2026-01-01. */
const EARLIEST_MS = 1_767_225_600_000;
/** The connection is tried all the same then: the log says more than a device that waits for ever. */
const MAX_TIME_TRIES = 3;
const LATER_MS = 60_000;

/**
 * The device's Wi-Fi, and its clock: TLS looks at the dates of certificates. It is joined again, for ever, whenever it is lost.
 * Nothing is thrown out of what the platform calls.
 */
export class WiFiStation {
	readonly #credentials: WiFiCredentials;
	readonly #timeServer: string;
	#joined: (() => void) | undefined;
	/** Held here: what nothing holds is collected, and tells nothing more. */
	#monitor: WiFi | undefined;
	#question: SNTP | undefined;
	#retrying = false;
	#tries = 0;

	/** @param timeServer a host that answers SNTP */
	constructor(credentials: WiFiCredentials, timeServer: string) {
		this.#credentials = credentials;
		this.#timeServer = timeServer;
	}

	/** @param joined called once: there is a network, and, if any server tells it, the time */
	join(joined: () => void): void {
		this.#joined = joined;
		this.log(`joining ${this.#credentials.ssid}`);
		WiFi.mode = WiFi.Mode.station;
		this.#monitor ??= new WiFi(this.#credentials, (message) => this.#enter(() => this.#told(message)));
	}

	log(text: string): void {
		trace(`wifi: ${text}\n`);
	}

	#told(message: string): void {
		if (message === WiFi.gotIP) {
			this.log("joined");
			this.#setClock();
		} else if (message === WiFi.disconnected || message === WiFi.lostIP) this.#retry();
	}

	#retry(): void {
		if (this.#retrying) return;
		this.#retrying = true;
		this.log(`not joined; trying again in ${RETRY_MS} ms`);
		const retry = () => {
			this.#retrying = false;
			WiFi.connect(this.#credentials);
		};
		later(retry, RETRY_MS, this);
	}

	#setClock(): void {
		if (Date.now() >= EARLIEST_MS) return this.#ready();
		this.#question ??= new SNTP({ host: this.#timeServer }, (message, seconds) => {
			this.#enter(() => {
				if (message !== SNTP.retry) this.#question = undefined;
				if (message === SNTP.time && seconds !== undefined) this.#timed(seconds);
				else if (message === SNTP.error) this.#untimed();
			});
		});
	}

	#timed(seconds: number): void {
		Time.set(seconds);
		this.log("the clock is set");
		this.#ready();
	}

	#untimed(): void {
		this.#tries += 1;
		this.log(`${this.#timeServer} does not tell the time: certificates may count as not yet valid`);
		const enough = this.#tries >= MAX_TIME_TRIES;
		if (enough) this.#ready();
		later(() => this.#setClock(), enough ? LATER_MS : RETRY_MS, this);
	}

	#ready(): void {
		const joined = this.#joined;
		this.#joined = undefined;
		joined?.();
	}

	#enter(callback: () => void): void {
		try {
			callback();
		} catch (error) {
			this.log(`threw ${String(error)}`);
		}
	}
}
