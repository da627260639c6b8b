import { call } from "./host.js";
import { Op } from "./protocol.js";

export default {
	resolve(): void {
		throw new Error("names are resolved on the host's side of the bridge");
	},

	get(what: string): unknown {
		const answer = call(Op.netGet, 0, 0, what) as string;
		return answer === "" ? undefined : JSON.parse(answer);
	},
};
