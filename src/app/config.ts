import config from "mc/config";
import type { HttpsLinkOptions, LinkOptions, MqttLinkOptions } from "../link/link-options.js";
import type { Settings } from "../storage/settings.js";

/** What the configuration says about the way to the Jobs service, be it MQTT or HTTPS. */
export type LinkConfig = Omit<LinkOptions, "network" | "join"> &
	Pick<MqttLinkOptions, "subscribeAnswers"> &
	Pick<HttpsLinkOptions, "pollMs">;

/**
 * What the build, or `iot-jobs provision`, puts into the manifest's `config`, and the settings that hold in place of it. Each
 * part of the app reads its own. A stored setting of the wrong type (written by other firmware) must not keep the device from
 * starting.
 */
export class BuildConfig {
	/** What a `config` job has changed. */
	settings: Settings = {};

	/** @throws when the thing's name or the endpoint is missing: without them there is nothing to connect to */
	link(): LinkConfig {
		const thingName = this.text("thingName");
		const host = asText(this.settings.host) ?? this.text("host");
		if (thingName === undefined) throw new Error("config: thingName is missing");
		if (host === undefined) throw new Error("config: host, the endpoint, is missing");
		return {
			thingName,
			host,
			port: this.number("port") ?? 8883,
			startJitterMs: this.number("startJitterMs"),
			messageBytes: asNumber(config.messageBytes),
			subscribeAnswers: this.isTrue("subscribeAnswers"),
			pollMs: this.number("pollMs"),
		};
	}

	/** The firmware's version, as it is reported. */
	get version(): string {
		const { version } = config;
		return typeof version === "string" ? version : "unknown";
	}

	/** The operations that the app does, of those that it includes: names with a space between them; undefined for all. */
	get handlers(): string | undefined {
		const { handlers } = config;
		return typeof handlers === "string" ? handlers : undefined;
	}

	/** Of a setting, or else built in. */
	number(name: string): number | undefined {
		return asNumber(this.settings[name]) ?? asNumber(config[name]);
	}

	/** As it was built in. @returns undefined where it is empty */
	text(name: string): string | undefined {
		return asText(config[name]);
	}

	/** As it was built in. Values given on mcconfig's command line arrive as text. */
	isTrue(name: string): boolean {
		return config[name] === true || config[name] === "true";
	}
}

export function asText(value: unknown): string | undefined {
	return typeof value === "string" && value !== "" ? value : undefined;
}

function asNumber(value: unknown): number | undefined {
	const result = typeof value === "string" ? Number(value) : value;
	return typeof result === "number" && Number.isFinite(result) ? result : undefined;
}
