import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { segmentsOf, verifyImage, versionOf } from "../../device/image-format.js";
import { Command } from "../kit/command.js";
import { describeMistakes } from "../kit/mistakes.js";

describe("iot-jobs image", function () {
	this.timeout(30_000);
	let iotJobs: Command;
	beforeEach(() => {
		iotJobs = new Command();
	});
	afterEach(() => iotJobs.clear());

	it("writes an image that the chip boots, and tells its segments", async () => {
		const file = join(iotJobs.directory, "firmware.bin");
		const line = `image --version 3.1.4 --out ${file} --chip esp32c3 --segments 6 --size 1500000 --project lamp`;
		const { code, stdout, stderr } = await iotJobs.run(...line.split(" "));
		assert.equal(code, 0, stderr);
		const bytes = readFileSync(file);
		assert.ok(verifyImage(bytes, "esp32c3"));
		assert.equal(versionOf(bytes), "3.1.4");
		assert.equal(segmentsOf(bytes)?.length, 6);
		assert.match(stdout, new RegExp(`lamp 3\\.1\\.4 for esp32c3, ${bytes.byteLength} bytes\n(  0x\\w{8} .*\n){6}$`));
		assert.ok(bytes.byteLength > 1_500_000);
	});
});

describeMistakes("image --version 1.0.0", [
	["", 2, /--out <file>/],
	["--out DIR/none/x", 2, /--out .*ENOENT/],
	["--out DIR/x --segments 8", 2, /3, 4, 5, 6, 7/],
	["--out DIR/x --chip esp8266", 2, /esp32, esp32s2/],
	["--out DIR/x --project ä", 2, /--project "ä": 1 to 31/],
]);
