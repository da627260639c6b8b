import assert from "node:assert/strict";
import { runCalls } from "../kit/calls.js";
import { engines } from "../kit/engines.js";
import { Lab } from "../kit/lab.js";

/** flash-esp32.c of Moddable SDK 8.2.3, over the partitions of src/platform/sdkconfig. */
const EXPECTED: Readonly<Record<string, string>> = {
	"no path": "Error: no path",
	"no such partition": "Error: can't find partition",
	"mode w": "Error: invalid mode",
	"status of otadata": '{"size":8192,"blockLength":4096,"blocks":2}',
	"status of a slot": '{"size":1966080,"blockLength":4096,"blocks":480}',
	read: "bytes 1 0 0 0",
	"read past the end": "Error: read failed",
	"erase read-only": "Error: read-only",
	"erase past the end": "Error: erase failed",
	"erase backwards": "Error: erase failed",
	"erase nothing": "undefined",
	"erase all": "undefined",
	"read erased": "bytes 255 255 255 255",
	"read a slot never written": "bytes 255 255 255",
	"write read-only": "Error: read-only",
	"write past the end": "Error: write failed",
	write: "undefined",
	"write again clears bits alone": "bytes 1 255",
	"erase a sector of a slot": "bytes 255 255",
	"status after close": "SyntaxError: C: xsGetHostChunk: invalid host data",
	"after close": "SyntaxError: C: xsGetHostChunk: invalid host data",
};

for (const engine of engines)
	describe(`The host's embedded:storage/flash, in ${engine}`, () => {
		it("does what the SDK's does, call by call", async () => {
			const lab = new Lab();
			try {
				assert.deepEqual((await runCalls(lab, engine, "main-flash")).results, EXPECTED);
			} finally {
				await lab.clear();
			}
		});
	});
