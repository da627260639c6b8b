import { Machine } from "../machine/machine.js";
import type { WiFiMessage } from "../machine/station.js";

interface Options {
	ssid: string;
	password?: string;
}

/** The SDK's `wifi`. */
export default class WiFi {
	static readonly gotIP = "gotIP";
	static readonly lostIP = "lostIP";
	static readonly connected = "connect";
	static readonly disconnected = "disconnect";
	static readonly Mode = { off: -5, none: 0, station: 1, accessPoint: 2 };
	#deaf: () => void;

	constructor(options?: Options, callback?: (message: WiFiMessage) => void) {
		const machine = Machine.current;
		machine.alive();
		this.#deaf = callback === undefined ? () => undefined : machine.station.listen(callback);
		if (options !== undefined) WiFi.connect(options);
	}

	static set mode(_mode: number) {
		Machine.current.alive();
	}

	static connect({ ssid, password = "" }: Options): void {
		Machine.current.station.join(ssid, password);
	}

	close(): void {
		this.#deaf();
	}
}
