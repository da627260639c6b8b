import type { TwoVersions } from "./two-versions.js";

/** The storage's domain of the settings, and the one value in it: JSON. */
export const SETTINGS = "iot-settings";
const KEY = "json";

export type Settings = Readonly<Record<string, unknown>>;

/** The settings that count in this boot: what a `config` job has changed. Empty when there are none, or they cannot be read. */
export function readSettings(trial: TwoVersions): Settings {
	const bytes = trial.read(KEY);
	if (bytes === undefined) return {};
	try {
		const value: unknown = JSON.parse(String.fromArrayBuffer(bytes.buffer as ArrayBuffer, 0, bytes.byteLength));
		return typeof value === "object" && value !== null ? (value as Settings) : {};
	} catch {
		return {};
	}
}

/** @throws when the storage failed */
export function writeSettings(trial: TwoVersions, settings: Settings): void {
	trial.write(KEY, new Uint8Array(ArrayBuffer.fromString(JSON.stringify(settings))));
}
