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
	private readonly credentials: WiFiCredentials;
	private readonly timeServer: string;
	private joined: (() => void) | undefined;
	/** Held here: what nothing holds is collected, and tells nothing more. */
	private monitor: WiFi | undefined;
	private question: SNTP | undefined;
	private retrying = false;
	private tries = 0;

	/** @param timeServer a host that answers SNTP */
	constructor(credentials: WiFiCredentials, timeServer: string) {
		this.credentials = credentials;
		this.timeServer = timeServer;
	}

	/** @param joined called once: there is a network, and, if any server tells it, the time */
	join(joined: () => void): void {
		this.joined = joined;
		this.log(`joining ${this.credentials.ssid}`);
		this.connect();
	}

	log(text: string): void {
		trace(`wifi: ${text}\n`);
	}

	private told(message: string): void {
		if (message === WiFi.gotIP) {
			this.log("joined");
			this.setClock();
		} else if (message === WiFi.disconnected || message === WiFi.lostIP) this.retry();
	}

	private retry(): void {
		if (this.retrying) return;
		this.retrying = true;
		this.log(`not joined; trying again in ${RETRY_MS} ms`);
		later(this, this.connectAgain, RETRY_MS, this);
	}

	private connectAgain(): void {
		this.retrying = false;
		this.connect();
	}

	/** The SDK's class throws where ESP-IDF refuses, for want of memory, say: then nothing else would come back to it. */
	private connect(): void {
		try {
			WiFi.mode = WiFi.Mode.station;
			if (this.monitor !== undefined) WiFi.connect(this.credentials);
			else this.monitor = new WiFi(this.credentials, (message) => this.enter(() => this.told(message)));
		} catch (error) {
			this.log(`threw ${String(error)}`);
			this.retry();
		}
	}

	private setClock(): void {
		if (Date.now() >= EARLIEST_MS) return this.ready();
		this.question ??= new SNTP({ host: this.timeServer }, (message, seconds) => {
			this.enter(() => {
				if (message !== SNTP.retry) this.question = undefined;
				if (message === SNTP.time && seconds !== undefined) this.timed(seconds);
				else if (message === SNTP.error) this.untimed();
			});
		});
	}

	private timed(seconds: number): void {
		Time.set(seconds);
		this.log("the clock is set");
		this.ready();
	}

	private untimed(): void {
		this.tries += 1;
		this.log(`${this.timeServer} does not tell the time: certificates may count as not yet valid`);
		const enough = this.tries >= MAX_TIME_TRIES;
		if (enough) this.ready();
		later(this, this.setClock, enough ? LATER_MS : RETRY_MS, this);
	}

	private ready(): void {
		const joined = this.joined;
		this.joined = undefined;
		joined?.();
	}

	private enter(callback: () => void): void {
		try {
			callback();
		} catch (error) {
			this.log(`threw ${String(error)}`);
		}
	}
}
