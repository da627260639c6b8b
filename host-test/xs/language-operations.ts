import "../ecma419/globals.js";
import Curve from "../ecma419/curve.js";
import Modular from "../ecma419/modular.js";
import { Op } from "./platform/protocol.js";
import { NO_BYTES, type Operations } from "./xs-process.js";

/** What the XS of @agoric/xsnap lacks of the chip's: text that is bytes, and the SDK's arithmetic in C. */
export const languageOperations: Operations = {
	[Op.fromHex]: ({ text }) => decoded(() => Uint8Array.fromHex(text)),
	[Op.fromBase64]: ({ text }) => {
		const space = text.indexOf(" ");
		const lastChunkHandling = text.slice(0, space) as "loose" | "strict";
		return decoded(() => Uint8Array.fromBase64(text.slice(space + 1), { lastChunkHandling }));
	},
	[Op.toHex]: ({ bytes = NO_BYTES }) => new Uint8Array(bytes).toHex(),
	[Op.multiplyPoints]: ({ text }) => {
		const [x1, y1, z1, k1, x2, y2, z2, k2] = numbersIn(text);
		const { x, y, z } = new Curve("secp256r1").ec.mul2({ x: x1, y: y1, z: z1 }, k1, { x: x2, y: y2, z: z2 }, k2);
		return [x, y, z].map((number) => number.toString(16)).join(" ");
	},
	[Op.invert]: ({ text }) => {
		const [m, a] = numbersIn(text);
		return new Modular(m).mulinv(a).toString(16);
	},
	[Op.power]: ({ text }) => {
		const [m, a, e] = numbersIn(text);
		return new Modular(m).exp(a, e).toString(16);
	},
};

/** @returns undefined in place of a SyntaxError, which would cross as an Error */
function decoded(decode: () => Uint8Array): Uint8Array | undefined {
	try {
		return decode();
	} catch {
		return undefined;
	}
}

type Numbers = readonly [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];

/** As many as the operation has; the machine and this file are of one mind. */
function numbersIn(text: string): Numbers {
	return text.split(" ").map((number) => BigInt(`0x${number}`)) as unknown as Numbers;
}
