import { call, register, unregister } from "./host.js";
import { Op } from "./protocol.js";

interface Options {
	ssid: string;
	password?: string;
}

export default class WiFi {
	static readonly gotIP = "gotIP";
	static readonly lostIP = "lostIP";
	static readonly connected = "connect";
	static readonly disconnected = "disconnect";
	static readonly Mode = { off: -5, none: 0, station: 1, accessPoint: 2 };
	readonly #id: number;
	readonly #callback: (message: string) => void;

	constructor(options: Options | undefined, callback: (message: string) => void) {
		this.#callback = callback;
		this.#id = register(this);
		call(Op.wifiListen, this.#id);
		if (options !== undefined) WiFi.connect(options);
	}

	static set mode(_mode: number) {}

	static connect({ ssid, password = "" }: Options): void {
		call(Op.wifiJoin, 0, 0, JSON.stringify({ ssid, password }));
	}

	event(_event: number, _number: number, message: string): void {
		this.#callback(message);
	}

	close(): void {
		call(Op.wifiClose, this.#id);
		unregister(this.#id);
	}
}
