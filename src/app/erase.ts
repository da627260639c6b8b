import { EraseHandler } from "../handlers/erase.js";
import type { AppParts, Part } from "./app.js";

/** `{"operation": "erase", ...}`: deletes what `config` and `file` jobs have brought. */
export const erase: Part = Object.freeze(
	{ operation: "erase", handler: ({ settings }: AppParts) => new EraseHandler(settings) },
	true,
);
