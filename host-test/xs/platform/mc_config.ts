import { call } from "./host.js";
import { Op } from "./protocol.js";

/** On the chip a constant of the build; here asked for once, when the module is first used. */
export default new Proxy(
	{},
	{
		get(_target, name) {
			const text = call(Op.config, 0, 0, String(name));
			return text === undefined ? undefined : JSON.parse(text as string);
		},
	},
);
