import { ConfigHandler } from "../handlers/config.js";
import { restart } from "../platform/resets.js";
import { readSettings, SETTINGS } from "../storage/settings.js";
import { TwoVersions } from "../storage/two-versions.js";
import type { AppParts, Part } from "./app.js";

/** `{"operation": "config", ...}`: settings that hold in place of those that were built in. */
export const settings: Part = Object.freeze(
	{
		bring(app: AppParts) {
			const versions = new TwoVersions(SETTINGS);
			app.settings = versions;
			app.config.settings = readSettings(versions);
		},
		operation: "config",
		handler: ({ settings, join, hooks }: AppParts) =>
			new ConfigHandler({
				versions: settings as TwoVersions,
				restart,
				takesWiFi: join !== undefined,
				validate: hooks.validate,
			}),
	},
	true,
);
