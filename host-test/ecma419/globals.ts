import { isUtf8 } from "node:buffer";
// XS has these of the language as well; Node.js has them from version 25 on.
import "core-js/modules/es.uint8-array.from-base64.js";
import "core-js/modules/es.uint8-array.from-hex.js";
import "core-js/modules/es.uint8-array.to-hex.js";
import { Machine } from "../machine/machine.js";

/** XS's additions to JavaScript, as in xs/sources/xsString.c, xsDataView.c and xsBigInt.c. Imported for its effect. */
Object.assign(String, {
	fromArrayBuffer(buffer: ArrayBuffer, byteOffset = 0, byteLength = buffer.byteLength - byteOffset): string {
		const bytes = Buffer.from(buffer, byteOffset, byteLength);
		const nul = bytes.indexOf(0);
		const text = nul < 0 ? bytes : bytes.subarray(0, nul);
		if (!isUtf8(text)) throw new TypeError("invalid UTF-8");
		return text.toString();
	},
});

Object.assign(ArrayBuffer, {
	fromString(text: string): ArrayBuffer {
		return Uint8Array.from(Buffer.from(text)).buffer;
	},
});

Object.assign(BigInt, {
	fromArrayBuffer(buffer: ArrayBuffer): bigint {
		if (!(buffer instanceof ArrayBuffer)) throw new TypeError("argument: not an ArrayBuffer instance");
		if (buffer.byteLength === 0) throw new SyntaxError("argument: invalid ArrayBuffer instance");
		return BigInt(`0x${Buffer.from(buffer).toString("hex")}`);
	},
});

Object.assign(globalThis, {
	trace(...texts: (string | number | boolean)[]): void {
		const machine = Machine.current;
		if (!machine.dead) machine.hardware.trace(texts.join(""));
	},
});
