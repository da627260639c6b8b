import { Machine } from "../machine/machine.js";

/** `mc/config`: on the chip a constant of the build, here that of the running device. */
export default new Proxy(
	{},
	{
		get: (_target, name) => (typeof name === "string" ? Machine.current.hardware.config[name] : undefined),
	},
);
