import config from "mc/config";
import type { HttpsLinkOptions, LinkOptions, MqttLinkOptions } from "../link/link-options.js";
import type { WiFiCredentials } from "../platform/wifi.js";
import type { Settings } from "../storage/settings.js";

const DEFAULT_TIME_SERVER = "pool.ntp.org";

/** What the configuration says about the way to the Jobs service, be it MQTT or HTTPS. */
export type LinkConfig = Omit<LinkOptions, "network" | "join"> &
	Pick<MqttLinkOptions, "subscribeAnswers"> &
	Pick<HttpsLinkOptions, "pollMs">;

/** What the build, or `iot-jobs provision`, puts into the manifest's `config`. */
export interface Config {
	readonly link: LinkConfig;
	/** The firmware's version, as it is reported. */
	readonly version: string;
	readonly selfTestMs: number | undefined;
	/** The access point to join; undefined where the SDK's own `ssid`, or a cable, has brought the network up before. */
	readonly wifi: WiFiCredentials | undefined;
	/** Whether the SDK joins an access point before the app starts (`ssid=` on mcconfig's command line). */
	readonly wifiIsFixed: boolean;
	/** A host that tells the time (SNTP). */
	readonly timeServer: string;
	/** Whether an image without a signature is refused. */
	readonly requireSignature: boolean;
	/** The operations that the app does, of those that come built in: names with a space between them; undefined for all. */
	readonly handlers: string | undefined;
}

/**
 * @param settings what holds in place of what was built in: see the `config` operation
 * @throws when the thing's name or the endpoint is missing: without them there is nothing to connect to
 */
export function readConfig(settings: Settings = {}): Config {
	const { thingName } = config;
	/** A stored setting of the wrong type (written by other firmware) must not keep the device from starting. */
	const setting = (name: string) => number(settings[name]) ?? number(config[name]);
	const host = isText(settings.host) ? settings.host : config.host;
	if (!isText(thingName)) throw new Error("config: thingName is missing");
	if (!isText(host)) throw new Error("config: host, the endpoint, is missing");
	return {
		link: {
			thingName,
			host,
			port: setting("port") ?? 8883,
			startJitterMs: setting("startJitterMs"),
			messageBytes: number(config.messageBytes),
			subscribeAnswers: isTrue(config.subscribeAnswers),
			pollMs: setting("pollMs"),
		},
		version: typeof config.version === "string" ? config.version : "unknown",
		selfTestMs: setting("selfTestMs"),
		wifi: readWiFi(settings.wifi) ?? readWiFi({ ssid: config.wifiSsid, password: config.wifiPassword }),
		wifiIsFixed: isText(config.ssid),
		timeServer: isText(config.timeServer) ? config.timeServer : DEFAULT_TIME_SERVER,
		requireSignature: isTrue(config.requireSignature),
		handlers: typeof config.handlers === "string" ? config.handlers : undefined,
	};
}

function isText(value: unknown): value is string {
	return typeof value === "string" && value !== "";
}

function readWiFi(value: unknown): WiFiCredentials | undefined {
	const { ssid, password } = (value ?? {}) as Partial<Record<string, unknown>>;
	return isText(ssid) ? { ssid, password: isText(password) ? password : "" } : undefined;
}

/** Values given on mcconfig's command line arrive as text. */
function isTrue(value: unknown): boolean {
	return value === true || value === "true";
}

function number(value: unknown): number | undefined {
	const result = typeof value === "string" ? Number(value) : value;
	return typeof result === "number" && Number.isFinite(result) ? result : undefined;
}
