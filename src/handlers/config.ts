import type { Handler, Job, JobContext } from "../agent/handler.js";
import type { Logger } from "../base/log.js";
import { HOST, isTextOf } from "../base/text.js";
import type { JobDocument } from "../protocol/messages.js";
import { readSettings, type Settings, writeSettings } from "../storage/settings.js";
import { ChangeOnTrial, type TrialOptions } from "./change-on-trial.js";

/**
 * The document of the `config` operation: settings that replace those that were built in; null takes one back. They are kept
 * once the device has reached the service with them.
 */
export interface ConfigDocument extends JobDocument {
	operation: "config";
	settings: {
		/** The endpoint: a host name or an address. @minLength 1 @maxLength 253 */
		host?: string | null;
		/** 8883, or 443. @asType integer @minimum 1 @maximum 65535 */
		port?: number | null;
		/** The access point to join, if the device joins one itself; it must be reached with it, or the old one comes back. */
		wifi?: {
			/** @minLength 1 @maxLength 32 */
			ssid: string;
			/** WPA: 8 to 63 characters; left out for an open network. @minLength 8 @maxLength 63 */
			password?: string;
		} | null;
		/** The first connection after a start waits a random time up to this, in ms. @asType integer @minimum 0 @maximum 3600000 */
		startJitterMs?: number | null;
		/** How long a new image may take to reach the service, in ms. @asType integer @minimum 10000 @maximum 86400000 */
		selfTestMs?: number | null;
		/** Over HTTPS: the time between two polls, in ms. @asType integer @minimum 10000 @maximum 86400000 */
		pollMs?: number | null;
		/** The application's own, as it likes: `ConfigOptions.validate` looks at them. */
		app?: Record<string, unknown> | null;
	};
}

export interface ConfigOptions extends TrialOptions {
	/** Whether this device joins an access point itself: else `wifi` is refused. Default false. */
	readonly takesWiFi?: boolean | undefined;
	/** Looks at the application's own settings. @returns what is wrong with them */
	readonly validate?: ((app: Settings) => string | undefined) | undefined;
}

/** Settings that are whole numbers, with their bounds. */
const NUMBERS: Readonly<Record<string, readonly [min: number, max: number]>> = Object.freeze(
	{
		port: [1, 65_535],
		startJitterMs: [0, 3_600_000],
		selfTestMs: [10_000, 86_400_000],
		pollMs: [10_000, 86_400_000],
	},
	true,
);
const KNOWN = "host, port, wifi, startJitterMs, selfTestMs, pollMs, app";
const FIXED_WIFI = "wifi: this build does not join one by itself: give wifiSsid, and not ssid, when it is built";
/** Of JSON, in the storage. */
const MAX_BYTES = 1_024;

/** `{"operation": "config", "settings": {...}}`: all settings are checked, tried together, and kept if the service is reached. */
export class ConfigHandler implements Handler {
	private readonly options: ConfigOptions;
	private readonly change: ChangeOnTrial;

	constructor(options: ConfigOptions) {
		this.options = options;
		this.change = new ChangeOnTrial(options);
	}

	get operation(): string {
		return "config";
	}

	atBoot(logger: Logger): void {
		this.change.atBoot(logger);
	}

	start(job: Job, context: JobContext): void {
		const { settings } = job.document;
		const problem = isObject(settings) ? this.problemIn(settings) : "settings: an object";
		if (problem !== undefined) return context.reject("invalidDocument", { error: problem });
		const merged: Record<string, unknown> = { ...readSettings(this.options.versions), ...(settings as Settings) };
		for (const name of Object.keys(merged)) if (merged[name] === null) delete merged[name];
		if (JSON.stringify(merged).length > MAX_BYTES) {
			return context.reject("invalidDocument", { error: `settings: more than ${MAX_BYTES} bytes` });
		}
		this.change.start(context, (versions) => writeSettings(versions, merged));
	}

	resume(job: Job, context: JobContext, checkpoint: Uint8Array): void {
		const { settings } = job.document;
		const names = isObject(settings) ? Object.keys(settings).join(" ") : "";
		this.change.resume(context, checkpoint, { settings: names }, () => this.start(job, context));
	}

	cancel(): void {
		this.change.cancel();
	}

	private problemIn(settings: Settings): string | undefined {
		for (const name of Object.keys(settings)) {
			const value = settings[name];
			const problem = value === null && isKnown(name) ? undefined : this.problemWith(name, value);
			if (problem !== undefined) return problem;
		}
		return undefined;
	}

	private problemWith(name: string, value: unknown): string | undefined {
		if (name === "host") return isTextOf(HOST, 253, value) ? undefined : "host: a name or an address";
		if (name === "wifi") return this.options.takesWiFi ? problemWithWiFi(value) : FIXED_WIFI;
		if (name !== "app") return problemWithNumber(name, value);
		const problem = isObject(value) ? this.options.validate?.(value) : "an object";
		return problem && `app: ${problem}`;
	}
}

function problemWithNumber(name: string, value: unknown): string | undefined {
	const bounds = Object.hasOwn(NUMBERS, name) ? NUMBERS[name] : undefined;
	if (bounds === undefined) return `${name}: not one of ${KNOWN}`;
	const [min, max] = bounds;
	const isGood = typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
	return isGood ? undefined : `${name}: ${min} to ${max}`;
}

function isKnown(name: string): boolean {
	return name === "host" || name === "wifi" || name === "app" || Object.hasOwn(NUMBERS, name);
}

function problemWithWiFi(value: unknown): string | undefined {
	if (!isObject(value)) return "wifi: an object";
	const { ssid, password = "" } = value;
	if (!isTextOfBytes(ssid, 1, 32)) return "wifi.ssid: 1 to 32 bytes";
	if (password !== "" && !isTextOfBytes(password, 8, 63)) return "wifi.password: 8 to 63 characters";
	return undefined;
}

/** UTF-8. */
function isTextOfBytes(value: unknown, min: number, max: number): boolean {
	if (typeof value !== "string") return false;
	const { byteLength } = ArrayBuffer.fromString(value);
	return byteLength >= min && byteLength <= max;
}

function isObject(value: unknown): value is Settings {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
