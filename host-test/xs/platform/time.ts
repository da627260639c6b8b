import { call } from "./host.js";
import { Op } from "./protocol.js";

export default {
	set(seconds: number): void {
		call(Op.timeSet, 0, seconds);
	},
};
