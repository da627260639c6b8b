import type { Handler, Job, JobContext } from "../agent/handler.js";
import { HOST, isTextOf } from "../base/text.js";
import type { Logger } from "../base/timer.js";
import type { JobDocument } from "../protocol/messages.js";
import { readSettings, type Settings, writeSettings } from "../storage/settings.js";
import { ChangeOnTrial, type TrialOptions } from "./change-on-trial.js";

/**
 * The document of the `config` operation: settings that hold in place of those that were built in. null takes one back. They
 * count once the device has reached the service with them.
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
	/** Looks at the application's own settings. @returns what is wrong with them */
	/** Whether this device joins an access point itself: else `wifi` is refused. Default false. */
	readonly takesWiFi?: boolean | undefined;
	readonly validate?: ((app: Settings) => string | undefined) | undefined;
}

/** What the built-in handler takes, with its bounds; `app` is the application's. */
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

/** `{"operation": "config", "settings": {...}}`: validated as a whole, tried, and kept only when the device can be reached with them. */
export class ConfigHandler implements Handler {
	readonly operation = "config";
	readonly #options: ConfigOptions;
	readonly #steps: ChangeOnTrial;

	constructor(options: ConfigOptions) {
		this.#options = options;
		this.#steps = new ChangeOnTrial(options);
	}

	atBoot(logs: Logger): void {
		const { trial, restart } = this.#options;
		trial.limit(restart, logs);
	}

	start(job: Job, context: JobContext): void {
		const { settings } = job.document;
		const problem = isObject(settings) ? this.#problemOf(settings) : "settings: an object";
		if (problem !== undefined) return context.reject("invalidDocument", { error: problem });
		const merged: Record<string, unknown> = { ...readSettings(this.#options.trial), ...(settings as Settings) };
		for (const name of Object.keys(merged)) if (merged[name] === null) delete merged[name];
		if (JSON.stringify(merged).length > MAX_BYTES) {
			return context.reject("invalidDocument", { error: `settings: more than ${MAX_BYTES} bytes` });
		}
		this.#steps.start(context, (trial) => writeSettings(trial, merged));
	}

	resume(job: Job, context: JobContext, checkpoint: Uint8Array): void {
		const { settings } = job.document;
		const names = isObject(settings) ? Object.keys(settings).join(" ") : "";
		this.#steps.resume(context, checkpoint, { settings: names }, () => this.start(job, context));
	}

	cancel(): void {
		this.#steps.cancel();
	}

	#problemOf(settings: Settings): string | undefined {
		for (const name of Object.keys(settings)) {
			const problem = settings[name] === null && isKnown(name) ? undefined : this.#problem(name, settings[name]);
			if (problem !== undefined) return problem;
		}
		return undefined;
	}

	#problem(name: string, value: unknown): string | undefined {
		if (name === "host") return isTextOf(HOST, 253, value) ? undefined : "host: a name or an address";
		if (name === "wifi") return this.#options.takesWiFi ? problemOfWiFi(value) : FIXED_WIFI;
		if (name === "app") return this.#problemOfApp(value);
		return problemOfNumber(name, value);
	}

	#problemOfApp(value: unknown): string | undefined {
		if (!isObject(value)) return "app: an object";
		const problem = this.#options.validate?.(value);
		return problem === undefined ? undefined : `app: ${problem}`;
	}
}

function problemOfNumber(name: string, value: unknown): string | undefined {
	const bounds = NUMBERS[name];
	if (bounds === undefined) return `${name}: not one of ${KNOWN}`;
	const [min, max] = bounds;
	const isGood = typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
	return isGood ? undefined : `${name}: ${min} to ${max}`;
}

function isKnown(name: string): boolean {
	return name === "host" || name === "wifi" || name === "app" || NUMBERS[name] !== undefined;
}

function problemOfWiFi(value: unknown): string | undefined {
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
