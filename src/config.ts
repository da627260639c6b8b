import config from "mc/config";

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
	/** Whether an image without a signature is refused. */
	readonly requireSignature: boolean;
	/** For the app over HTTPS. */
	readonly pollMs: number | undefined;
}

/** @throws when the thing's name or the endpoint is missing: without them there is nothing to connect to */
export function readConfig(): Config {
	const { thingName, host } = config;
	if (typeof thingName !== "string" || thingName === "") throw new Error("config: thingName is missing");
	if (typeof host !== "string" || host === "") throw new Error("config: host, the endpoint, is missing");
	return {
		thingName,
		host,
		port: number(config.port) ?? 8883,
		version: typeof config.version === "string" ? config.version : "unknown",
		startJitterMs: number(config.startJitterMs),
		selfTestMs: number(config.selfTestMs),
		messageBytes: number(config.messageBytes),
		requireSignature: config.requireSignature === true || config.requireSignature === "true",
		pollMs: number(config.pollMs),
	};
}

/** Values given on mcconfig's command line arrive as text. */
function number(value: unknown): number | undefined {
	const result = typeof value === "string" ? Number(value) : value;
	return typeof result === "number" && Number.isFinite(result) ? result : undefined;
}
