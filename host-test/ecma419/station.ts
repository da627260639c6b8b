import type { Machine } from "./machine.js";

export interface AccessPoint {
	readonly password: string;
	/** dBm */
	readonly rssi: number;
}

/** The access points in reach, by their SSID. */
export type AccessPoints = Readonly<Record<string, AccessPoint>>;

export type Message = "connect" | "gotIP" | "lostIP" | "disconnect";

/** What joining takes, well or not. */
const JOIN_MS = 500;

/** The Wi-Fi of a device, from one boot to the next. */
export class Station {
	readonly #machine: Machine;
	readonly #listeners = new Set<(message: Message) => void>();
	#ssid: string | undefined;
	#cancel: (() => void) | undefined;

	constructor(machine: Machine) {
		this.#machine = machine;
		machine.own(() => this.#cancel?.());
	}

	/** The access point that it has joined. */
	get joined(): (AccessPoint & { readonly ssid: string }) | undefined {
		const point = this.#ssid === undefined ? undefined : this.#machine.hardware.accessPoints?.[this.#ssid];
		return point && { ...point, ssid: this.#ssid as string };
	}

	/** @returns hears no more */
	listen(listener: (message: Message) => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	join(ssid: string, password: string): void {
		this.#ssid = undefined;
		this.#cancel?.();
		this.#cancel = this.#machine.hardware.clock.after(JOIN_MS, () => {
			if (this.#machine.hardware.accessPoints?.[ssid]?.password !== password) return this.#tell("disconnect");
			this.#ssid = ssid;
			this.#tell("connect");
			this.#tell("gotIP");
		});
	}

	/** The access points in reach are others now. */
	changed(): void {
		if (this.#ssid === undefined || this.joined !== undefined) return;
		this.#ssid = undefined;
		this.#tell("disconnect");
	}

	#tell(message: Message): void {
		for (const listener of [...this.#listeners]) this.#machine.enter(() => listener(message));
	}
}
