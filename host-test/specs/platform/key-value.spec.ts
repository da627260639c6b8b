import assert from "node:assert/strict";
import { runCalls } from "../kit/calls.js";
import { engines } from "../kit/engines.js";
import { Lab } from "../kit/lab.js";

/** storage-esp32.c of Moddable SDK 8.2.3 over nvs_flash of ESP-IDF v6.0. */
const EXPECTED: Readonly<Record<string, string>> = {
	"read what is not there": "undefined",
	"delete what is not there": "undefined",
	"write a view": "undefined",
	"read a buffer": "bytes 2 3",
	"delete it": "undefined",
	"read it again": "undefined",
	"write text as buffer": "TypeError: invalid buffer",
	"write text": "undefined",
	"read text": '"grün"',
	"read text as buffer": "TypeError: mismatch",
	"read text as number": "undefined",
	"write -1 as uint8": "undefined",
	"read uint8": "255",
	"read uint8 as int8": "undefined",
	"read uint8 as text": "TypeError: mismatch",
	"write int32": "undefined",
	"read int32": "-7",
	"write uint64": "undefined",
	"read uint64": "1099511627776n",
	format: '"buffer"',
	"format number": "RangeError: unsupported",
	"key of 15": "undefined",
	"key of 16": "Error: ESP_ERR_NVS_KEY_TOO_LONG",
	"read key of 16": "bytes 0",
	"key of 64": "RangeError: cannot buffer string",
	"no path": "Error: no path",
	"empty path": "Error: invalid",
	"path of 16": "Error: ESP_ERR_NVS_KEY_TOO_LONG",
	"mode w": "Error: invalid mode",
	"read a domain that is not there": "Error: ESP_ERR_NVS_NOT_FOUND",
	"path with a slash": "TypeError: mismatch",
	"write read-only": "Error: read-only",
	"delete read-only": "Error: read-only",
	"text of 4,000 bytes": "undefined",
	"text of 4,001 bytes": "Error: ESP_ERR_NVS_VALUE_TOO_LONG",
	"blob of 70,000 bytes": "undefined",
	"its length": "70000",
	"after close": "SyntaxError: C: xsGetHostChunk: invalid host data",
};

for (const engine of engines)
	describe(`The host's embedded:storage/key-value, in ${engine}`, () => {
		it("does what the SDK's does, call by call", async () => {
			const lab = new Lab();
			try {
				assert.deepEqual((await runCalls(lab, engine, "main-key-value")).results, EXPECTED);
			} finally {
				await lab.clear();
			}
		});
	});
