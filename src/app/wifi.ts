import config from "mc/config";
import type { JoinNetwork } from "../link/link-options.js";
import { type WiFiCredentials, WiFiStation } from "../platform/wifi.js";
import type { Settings } from "../storage/settings.js";
import type { AppParts, Part } from "./app.js";
import { asText } from "./config.js";

const DEFAULT_TIME_SERVER = "pool.ntp.org";

/** The device joins an access point itself, and sets its clock. */
export const wifi: Part = Object.freeze(
	{
		bring(app: AppParts) {
			// Where the SDK joins one before the app starts (`ssid=` on mcconfig's command line) there is none to choose.
			if (app.config.text("ssid") === undefined) app.join = () => joinWiFi(app);
		},
	},
	true,
);

/** @returns undefined where neither the build nor a setting names one: a cable, or the SDK, has brought the network up */
function joinWiFi({ config: { settings } }: AppParts): JoinNetwork | undefined {
	const credentials = readWiFi(settings.wifi) ?? readWiFi({ ssid: config.wifiSsid, password: config.wifiPassword });
	if (credentials === undefined) return undefined;
	const station = new WiFiStation(credentials, asText(config.timeServer) ?? DEFAULT_TIME_SERVER);
	return (joined) => station.join(joined);
}

function readWiFi(value: unknown): WiFiCredentials | undefined {
	const { ssid, password = "" } = (value ?? {}) as Settings;
	const name = asText(ssid);
	return name === undefined ? undefined : { ssid: name, password: typeof password === "string" ? password : "" };
}
