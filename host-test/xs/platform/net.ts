import { call } from "./host.js";
import { Op } from "./protocol.js";

export default {
	get(what: string): unknown {
		const answer = call(Op.netGet, 0, 0, what) as string;
		return answer === "" ? undefined : JSON.parse(answer);
	},
};
