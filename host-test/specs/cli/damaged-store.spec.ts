import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, createJobAt } from "../kit/command.js";

const PORTS = ["--mqtt-port", "0", "--data-port", "0", "--control-port", "0", "--page-port", "0"];

describe("iot-jobs emulate with a damaged store", function () {
	this.timeout(60_000);
	let iotJobs: Command;
	let whole: Buffer;
	before(async () => {
		iotJobs = new Command();
		const { child, addresses } = await iotJobs.emulate();
		for (let i = 0; i < 20; i += 1) await createJobAt(addresses, `job-${i}`, { text: "x".repeat(5_000) });
		child.kill("SIGTERM");
		await once(child, "close");
		whole = readFileSync(join(iotJobs.directory, "state", "data.mdb"));
	});
	after(() => iotJobs.clear());

	const damages: readonly (readonly [what: string, damage: (bytes: Buffer) => Buffer])[] = [
		["cut off in the middle", (bytes) => bytes.subarray(0, 65_536)],
		["cut off after its head", (bytes) => bytes.subarray(0, 8_192)],
		["of other bytes throughout", (bytes) => bytes.fill(0xa5)],
		["of other bytes behind its head", (bytes) => bytes.fill(0xa5, 8_192)],
	];
	for (const [what, damage] of damages) {
		it(`${what}: one sentence, and exit code 1`, async () => {
			const { directory } = iotJobs;
			writeFileSync(join(directory, "state", "data.mdb"), damage(Buffer.from(whole)));
			const { code, stderr } = await iotJobs.run("emulate", "--dir", directory, "--thing", "one", ...PORTS);
			assert.equal(code, 1);
			assert.match(stderr, /^iot-jobs: .*state: the store is damaged; delete this directory to begin anew\n$/);
		});
	}
});
