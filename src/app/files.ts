import { FileHandler } from "../handlers/file.js";
import type { AppParts, Part } from "./app.js";
import { downloadsOf } from "./downloads.js";

/** `{"operation": "file", ...}`: a small file that the application reads. It is fetched by `https`, `streams` or both. */
export const files: Part = Object.freeze(
	{ operation: "file", handler: (app: AppParts) => new FileHandler(downloadsOf(app)) },
	true,
);
