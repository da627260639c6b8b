import assert from "node:assert/strict";
import { Command } from "../kit/command.js";
import { describeMistakes, runHere } from "../kit/mistakes.js";

describe("iot-jobs", function () {
	this.timeout(30_000);
	let iotJobs: Command;
	beforeEach(() => {
		iotJobs = new Command();
	});
	afterEach(() => iotJobs.clear());

	it("tells a mistake in one line, and its exit code is 2", async () => {
		const { code, stdout, stderr } = await iotJobs.run("simulate", "--thing", "a/b");
		assert.deepEqual([code, stdout], [2, ""]);
		assert.equal(stderr, (await runHere("simulate", "--thing", "a/b")).stderr);
		assert.match(stderr, /^iot-jobs: thing name "a\/b".*\n$/);
	});

	it("--help names the subcommands and their options", async () => {
		const { code, stdout } = await iotJobs.run("--help");
		assert.equal(code, 0);
		for (const name of ["emulate", "simulate", "demo"]) assert.match(stdout, new RegExp(`\\b${name}\\b`));
		assert.match((await iotJobs.run("emulate", "--help")).stdout, /--mqtt-port <port>/);
	});
});

describeMistakes("", [["emulat", 2, /unknown command 'emulat'.*emulate/]]);
