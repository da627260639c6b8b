import { Machine } from "../machine/machine.js";

/** The SDK's `time`. */
export default {
	set(seconds: number): void {
		const machine = Machine.current;
		machine.alive();
		machine.hardware.setTime(seconds);
	},
};
