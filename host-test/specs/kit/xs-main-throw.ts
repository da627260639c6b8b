import Timer from "timer";
import type { Handler } from "../../../src/agent/handler.js";
import { mainWith } from "./main-with.js";

/** `{"operation": "throw"}` throws where nobody catches it, in a timer of its own. */
const thrower: Handler = {
	operation: "throw",
	start() {
		Timer.set(() => {
			throw new Error("out of everything");
		}, 0);
	},
};

export default function main(): void {
	mainWith([thrower]);
}
