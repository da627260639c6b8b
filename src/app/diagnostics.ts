import { DiagnosticsHandler } from "../handlers/diagnostics.js";
import { measureDevice } from "../platform/measure.js";
import type { AppParts, Part } from "./app.js";

/** `{"operation": "diagnostics"}`: how the device is. */
export const diagnostics: Part = Object.freeze(
	{
		operation: "diagnostics",
		handler: ({ config: { version }, hooks: { measure } }: AppParts) =>
			new DiagnosticsHandler(() => ({ version, ...measureDevice(), ...measure?.() })),
	},
	true,
);
