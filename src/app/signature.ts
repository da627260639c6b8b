import { codeSigning } from "../platform/code-signing.js";
import type { AppParts, Part } from "./app.js";

/** Files that are signed are checked by the key that was built in. */
export const signature: Part = Object.freeze(
	{
		bring(app: AppParts) {
			app.verifier = codeSigning;
		},
	},
	true,
);
