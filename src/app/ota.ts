import { OtaHandler } from "../handlers/ota/ota.js";
import { EspFirmware } from "../platform/firmware.js";
import type { AppParts, Part } from "./app.js";
import { downloadsOf } from "./downloads.js";

/** `{"operation": "ota", ...}`: a new firmware. Images are fetched by `https`, `streams` or both; `signature` checks who made them. */
export const ota: Part = Object.freeze(
	{
		operation: "ota",
		handler: (app: AppParts) =>
			new OtaHandler({
				...downloadsOf(app),
				firmware: new EspFirmware(),
				version: app.config.version,
				selfTestMs: app.config.number("selfTestMs"),
				selfTest: app.hooks.selfTest,
			}),
	},
	true,
);
