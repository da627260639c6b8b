import { Machine } from "../machine/machine.js";

/** `embedded:io/system`. */
export default {
	/** Does not return. */
	restart(): void {
		const machine = Machine.current;
		machine.alive();
		machine.restart("System.restart");
	},
};
