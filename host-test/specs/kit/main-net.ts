import Net from "net";
import WiFi from "wifi";
import { traced } from "./traced.js";

/** What `Net.get` tells once there is Wi-Fi. */
export default function main(): void {
	const get = Net.get as (what: string) => unknown;
	const all = () => {
		for (const what of ["IP", "SSID", "RSSI", "DNS", "CHANNEL", "GATEWAY"]) traced(what, () => get(what));
	};
	traced("without Wi-Fi", () => [get("IP") ?? "none", get("SSID") ?? "none", get("DNS")]);
	new WiFi({ ssid: "home", password: "secret" }, (message) => {
		if (message !== "gotIP") return;
		all();
		trace("done\n");
	});
}
