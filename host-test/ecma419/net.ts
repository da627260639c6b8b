import { lookup } from "node:dns";
import { Machine } from "../machine/machine.js";

/** The SDK's `net`, for a device with Wi-Fi. Names are resolved by the host's own resolver. */
export default {
	/** One answer, and never at once. Without an address where there is none. */
	resolve(host: string, callback: (name: string, address?: string) => void): void {
		const machine = Machine.current;
		machine.alive();
		const release = machine.hold();
		lookup(host, { family: 4 }, (error, address) => {
			release();
			const isLost = error !== null || !machine.online;
			machine.enter(() => callback(host, isLost ? undefined : address));
		});
	},

	/** modNet.c. @returns undefined for what it does not know */
	get(what: string): string | number | string[] | undefined {
		const { joined } = Machine.current.station;
		switch (what) {
			case "IP":
				return joined && "192.168.1.77";
			case "SSID":
				return joined?.ssid;
			case "RSSI":
				return joined?.rssi;
			case "DNS":
				return joined ? ["192.168.1.1"] : [];
			case "MAC":
				return "020000000001";
			case "BSSID":
				return joined && "02:00:00:00:00:02";
			case "CHANNEL":
				return joined && 6;
			default:
				return undefined;
		}
	},
};
