import type { AccessPoint, Hardware } from "./hardware.js";

/** The SDK's Wi-Fi messages. */
export type WiFiMessage = "connect" | "gotIP" | "lostIP" | "disconnect";

/** How long joining takes, successful or not. */
const JOIN_MS = 500;

/** The Wi-Fi station of a machine: which access point it has joined, and who is told of changes. */
export class Station {
	readonly #hardware: Hardware;
	/** Runs a callback of the agent, see `Machine.enter`. */
	readonly #enter: (callback: () => void) => void;
	readonly #listeners = new Set<(message: WiFiMessage) => void>();
	#ssid: string | undefined;
	#cancelJoin: (() => void) | undefined;

	constructor(hardware: Hardware, enter: (callback: () => void) => void) {
		this.#hardware = hardware;
		this.#enter = enter;
	}

	/** The access point that it has joined. */
	get joined(): (AccessPoint & { readonly ssid: string }) | undefined {
		const point = this.#ssid === undefined ? undefined : this.#hardware.accessPoints?.[this.#ssid];
		return point && { ...point, ssid: this.#ssid as string };
	}

	/** @returns removes the listener */
	listen(listener: (message: WiFiMessage) => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	join(ssid: string, password: string): void {
		this.#ssid = undefined;
		this.#cancelJoin?.();
		this.#cancelJoin = this.#hardware.clock.after(JOIN_MS, () => {
			if (this.#hardware.accessPoints?.[ssid]?.password !== password) return this.#tell("disconnect");
			this.#ssid = ssid;
			this.#tell("connect");
			this.#tell("gotIP");
		});
	}

	/** To be called when the access points in range have changed. */
	changed(): void {
		if (this.#ssid === undefined || this.joined !== undefined) return;
		this.#ssid = undefined;
		this.#tell("disconnect");
	}

	/** The machine has ended. */
	close(): void {
		this.#cancelJoin?.();
	}

	#tell(message: WiFiMessage): void {
		for (const listener of [...this.#listeners]) this.#enter(() => listener(message));
	}
}
