import { isUtf8 } from "node:buffer";
import { Machine } from "../machine/machine.js";

/** XS's additions to JavaScript, as in xs/sources/xsString.c and xsDataView.c. Imported for its effect. */
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

Object.assign(globalThis, {
	trace(...texts: (string | number | boolean)[]): void {
		const machine = Machine.current;
		if (!machine.dead) machine.hardware.trace(texts.join(""));
	},
});
