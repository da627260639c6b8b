import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "../kit/command.js";
import { describeMistakes } from "../kit/mistakes.js";

describe("iot-jobs validate", function () {
	this.timeout(30_000);
	let iotJobs: Command;
	beforeEach(() => {
		iotJobs = new Command();
	});
	afterEach(() => iotJobs.clear());

	it("says what is wrong with a job document, and on which line", async () => {
		const file = join(iotJobs.directory, "job.json");
		const lines = async (text: string) => {
			writeFileSync(file, text);
			const { code, stdout } = await iotJobs.run("validate", file);
			return [code, stdout.replaceAll(`${file}:`, "")];
		};
		assert.deepEqual(await lines('{"operation": "reboot"}'), [0, " good, reboot\n"]);
		const ota = { operation: "ota", version: "2.0.0", streamId: "s", size: 1, sha256: "00".repeat(32) };
		assert.deepEqual(await lines(JSON.stringify(ota)), [0, " good, ota\n"]);
		assert.deepEqual(await lines('{\n\t"operation": "ota",\n\t"version": "",\n\t"size": 0,\n\t"sha256": "00"\n}'), [
			1,
			`3:2: version must NOT have fewer than 1 characters\n4:2: size must be >= 1\n5:2: sha256 must match pattern "^[0-9a-fA-F]{64}$"\n`,
		]);
		assert.deepEqual(await lines('{"operation": "config",\n"settings": {"port": 70000}}'), [
			1,
			"2:14: port must be <= 65535\n",
		]);
		assert.match(
			String((await lines('{"operation": "dance"}'))[1]),
			/^1:2: not an operation that comes built in: reboot, /,
		);
		assert.deepEqual(await lines('{\n"operation": "reboot",\n}'), [
			1,
			"3:1: not JSON: PropertyNameExpected\n3:1: not JSON: ValueExpected\n",
		]);
		assert.match(String((await lines("[]"))[1]), /^1:1: a job document is a JSON object/);
	});
});

describeMistakes("validate", [["DIR/none.json", 2, /no such file/]]);
