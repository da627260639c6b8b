import { Machine } from "../machine/machine.js";

/** `mc/config`: on the chip a constant of the build, here of the device that asks. */
export default new Proxy(
	{},
	{
		get: (_target, name) => (typeof name === "string" ? Machine.current.hardware.config[name] : undefined),
	},
);
