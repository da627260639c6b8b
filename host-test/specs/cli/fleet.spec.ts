import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Command, command, createJobAt } from "../kit/command.js";
import { describeMistakes } from "../kit/mistakes.js";

describe("iot-jobs simulate, for a fleet", function () {
	this.timeout(30_000);
	let iotJobs: Command;
	beforeEach(() => {
		iotJobs = new Command();
	});
	afterEach(() => iotJobs.clear());

	it("--fleet DIR --endpoint does the job of each of its things", async () => {
		const { addresses } = await iotJobs.emulate("--thing", "two", "--thing", "three:3");
		const summary = async (code: number) => {
			const fleet = [
				"--fleet",
				join(iotJobs.directory, "things"),
				"--endpoint",
				`mqtts://127.0.0.1:${addresses.mqtt.port}`,
			];
			const { stdout, ...ended } = await iotJobs.run(
				...["simulate", ...fleet, "--ca", addresses.ca, "--jobs", "1", "--json"],
			);
			assert.deepEqual(ended, { code, stderr: "" });
			return JSON.parse(stdout);
		};
		for (const thing of ["one", "two", "three:3"]) {
			assert.ok((await createJobAt(addresses, `job-${thing.charAt(1)}`, { operation: "reboot" }, thing)).ok);
		}
		const { devices, online, executions, connections, storageWrites } = await summary(0);
		assert.deepEqual([devices, online, executions, connections], [3, 3, { SUCCEEDED: 3 }, 2]);
		assert.ok(storageWrites >= 4 && storageWrites <= 6, `${storageWrites}`);
		for (const [thing, operation] of [
			["one", "reboot"],
			["two", "diagnostics"],
			["three:3", "dance"],
		] as const) {
			assert.ok((await createJobAt(addresses, `next-${thing.charAt(1)}`, { operation }, thing)).ok);
		}
		assert.deepEqual((await summary(1)).executions, { SUCCEEDED: 2, REJECTED: 1 });
	});

	it("--things 1000 says what to do when too few files may be open", async () => {
		const simulate = `exec "${process.execPath}" "${command}" simulate --things 1000`;
		const child = spawn("sh", ["-c", `ulimit -n 1000; ${simulate}`], { stdio: "pipe" });
		iotJobs.keep(child);
		child.stderr.setEncoding("utf8");
		const [text] = await once(child.stderr, "data");
		assert.match(text, /--things 1000: this process may open files for 400 devices; raise ulimit -n to 2200/);
		assert.deepEqual(await once(child, "close"), [2, null]);
	});
});

describeMistakes("simulate", [
	["--fleet DIR", 2, /--fleet needs --endpoint and --ca/],
	["--fleet DIR/none --endpoint mqtts://x:1 --ca x", 2, /no such directory/],
	["--fleet DIR --endpoint mqtts://x:1 --ca x", 2, /no NAME\.pem with a NAME-key\.pem/],
	["--fleet DIR --endpoint https://x:1 --ca x", 2, /--fleet speaks MQTT/],
	["--thing one --jobs 1", 2, /--jobs belongs to --fleet/],
]);
