import Timer from "timer";

/**
 * A timer whose callback cannot end the machine: on XS, what a timer's callback throws aborts.
 *
 * @param log told what was thrown
 */
export function later(callback: () => void, milliseconds: number, log: (text: string) => void): Timer {
	return Timer.set(() => {
		try {
			callback();
		} catch (error) {
			log(`a timer threw ${String(error)}`);
		}
	}, milliseconds);
}
