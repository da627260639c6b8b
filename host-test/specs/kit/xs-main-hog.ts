import type { Handler } from "../../../src/agent/handler.js";
import { mainWith } from "./main-with.js";

/** `{"operation": "hog"}` takes memory until there is none. */
const hog: Handler = {
	operation: "hog",
	start(_job, context) {
		const kept: Uint8Array[] = [];
		for (;;) {
			kept.push(new Uint8Array(1_000));
			if (kept.length > 1_000_000) return context.succeed();
		}
	},
};

export default function main(): void {
	mainWith([hog]);
}
