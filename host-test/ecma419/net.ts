import { Machine } from "../machine/machine.js";

/** The SDK's `net`, for a device with Wi-Fi. */
export default {
	/** @throws for an unknown name, as the SDK does */
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
				return joined && ["192.168.1.1"];
			default:
				throw new Error(`invalid name: ${what}`);
		}
	},
};
