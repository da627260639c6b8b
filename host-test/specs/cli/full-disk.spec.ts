import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Command, command, createJobAt } from "../kit/command.js";

/** As much as any file may have: it is as if the disk were full from there on. */
const FILE_KB = 20_000;
/** Of 30 KB each. */
const JOBS = 700;
const PORTS = ["--mqtt-port", "0", "--data-port", "0", "--control-port", "0", "--page-port", "0"];

describe("iot-jobs emulate on a full disk", function () {
	this.timeout(60_000);
	let iotJobs: Command;
	before(() => {
		iotJobs = new Command();
	});
	after(() => iotJobs.clear());

	it("answers 500 for what it cannot keep, has not done it, and goes on", async () => {
		const { directory } = iotJobs;
		const limited = `ulimit -S -f ${FILE_KB}; exec "$0" "$@"`;
		const args = [command, "emulate", "--dir", directory, "--thing", "one", ...PORTS, "--json"];
		const child = iotJobs.keep(spawn("bash", ["-c", limited, process.execPath, ...args]));
		const [line] = await once(createInterface(child.stdout), "line");
		const addresses = JSON.parse(line);
		const document = { operation: "x", text: "x".repeat(30_000) };
		const answers: number[] = [];
		for (let i = 0; i < JOBS; i += 1) answers.push((await createJobAt(addresses, `job-${i}`, document)).status);
		assert.ok(answers.includes(500), `${answers}`);
		const there: number[] = [];
		for (let i = 0; i < JOBS; i += 1) {
			const { status } = await fetch(`${addresses.control.url}/jobs/job-${i}`);
			there.push(status === 200 ? 200 : 500);
		}
		assert.deepEqual(there, answers, "what is answered with an error is not there, and the rest is");
		assert.equal(child.exitCode, null, "it still runs");
		execFileSync("prlimit", ["--pid", String(child.pid), "--fsize=unlimited"]);
		assert.equal((await createJobAt(addresses, "later", document)).status, 200, "there is room again");
	});
});
