import Timer from "timer";
import type { Logger } from "./log.js";

/** A timer whose callback cannot end the machine: on XS, what a timer's callback throws aborts. */
export function later(callback: () => void, milliseconds: number, logger: Logger): Timer {
	return Timer.set(() => {
		try {
			callback();
		} catch (error) {
			logger.log(`a timer threw ${String(error)}`);
		}
	}, milliseconds);
}
