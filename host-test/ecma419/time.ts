import { Machine } from "../machine/machine.js";

/** The SDK's `time`. */
export default {
	set(seconds: number): void {
		const machine = Machine.current;
		machine.alive();
		machine.hardware.setTime(seconds);
	},

	/** Milliseconds from any moment on: for the SDK's own clients. */
	get ticks(): number {
		return Machine.current.hardware.clock.now();
	},

	delta(from: number, to: number): number {
		return to - from;
	},
};
