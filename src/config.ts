import config from "mc/config";
import type { Settings } from "./platform/settings.js";

const ALL_HANDLERS = "reboot ota file config rotate-certificate diagnostics erase";

/** What the build, or `iot-jobs provision`, puts into the manifest's `config`. */
export interface Config {
	readonly thingName: string;
	readonly host: string;
	readonly port: number;
	/** The firmware's version, as it is reported. */
	readonly version: string;
	readonly startJitterMs: number | undefined;
	readonly selfTestMs: number | undefined;
	readonly messageBytes: number | undefined;
	/** For a broker that is not AWS's: see `AgentOptions.subscribeAnswers`. */
	readonly subscribeAnswers: boolean;
	/** Whether an image without a signature is refused. */
	readonly requireSignature: boolean;
	/** The operations that the app does, of those that come built in: names with a space between them. Default: all. */
	readonly handlers: string;
	/** For the app over HTTPS. */
	readonly pollMs: number | undefined;
}

/**
 * @param settings what holds in place of what was built in: see the `config` operation
 * @throws when the thing's name or the endpoint is missing: without them there is nothing to connect to
 */
export function readConfig(settings: Settings = {}): Config {
	const { thingName } = config;
	const setting = (name: string) => settings[name] ?? config[name];
	const host = setting("host");
	if (typeof thingName !== "string" || thingName === "") throw new Error("config: thingName is missing");
	if (typeof host !== "string" || host === "") throw new Error("config: host, the endpoint, is missing");
	return {
		thingName,
		host,
		port: number(setting("port")) ?? 8883,
		version: typeof config.version === "string" ? config.version : "unknown",
		startJitterMs: number(setting("startJitterMs")),
		selfTestMs: number(setting("selfTestMs")),
		messageBytes: number(config.messageBytes),
		handlers: typeof config.handlers === "string" ? config.handlers : ALL_HANDLERS,
		requireSignature: isTrue(config.requireSignature),
		subscribeAnswers: isTrue(config.subscribeAnswers),
		pollMs: number(setting("pollMs")),
	};
}

/** Values given on mcconfig's command line arrive as text. */
function isTrue(value: unknown): boolean {
	return value === true || value === "true";
}

function number(value: unknown): number | undefined {
	const result = typeof value === "string" ? Number(value) : value;
	return typeof result === "number" && Number.isFinite(result) ? result : undefined;
}
