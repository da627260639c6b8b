import type { TwoVersions } from "./two-versions.js";

/** The storage's domain for settings that a `config` job has changed, and the one value in it: JSON. */
export const SETTINGS = "iot-settings";
const KEY = "json";

export type Settings = Readonly<Record<string, unknown>>;

/** The changed settings of this boot. Empty when there are none, or they cannot be read. */
export function readSettings(versions: TwoVersions): Settings {
	const bytes = versions.read(KEY);
	if (bytes === undefined) return {};
	try {
		const value: unknown = JSON.parse(String.fromArrayBuffer(bytes.buffer as ArrayBuffer, 0, bytes.byteLength));
		return typeof value === "object" && value !== null ? (value as Settings) : {};
	} catch {
		return {};
	}
}

/** For the next candidate. @throws when the storage failed */
export function writeSettings(versions: TwoVersions, settings: Settings): void {
	versions.write(KEY, new Uint8Array(ArrayBuffer.fromString(JSON.stringify(settings))));
}
