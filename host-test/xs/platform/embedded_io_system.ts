import { call } from "./host.js";
import { Op } from "./protocol.js";

export default {
	restart(): void {
		call(Op.restart, 0);
	},
};
