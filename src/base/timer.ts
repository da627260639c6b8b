import Timer from "timer";

/** Who is told what went wrong. */
export interface Logger {
	log(text: string): void;
}

/** A timer whose callback cannot end the machine: on XS, what a timer's callback throws aborts. */
export function later(callback: () => void, milliseconds: number, logs: Logger): Timer {
	return Timer.set(() => {
		try {
			callback();
		} catch (error) {
			logs.log(`a timer threw ${String(error)}`);
		}
	}, milliseconds);
}
