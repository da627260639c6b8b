import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Command, createJobAt } from "../kit/command.js";
import { engines } from "../kit/engines.js";
import { describeMistakes } from "../kit/mistakes.js";

describe("iot-jobs simulate", function () {
	this.timeout(30_000);
	let iotJobs: Command;
	beforeEach(() => {
		iotJobs = new Command();
	});
	afterEach(() => iotJobs.clear());

	it("--endpoint mqtts://...: does a job that was created over HTTP", async () => {
		const { addresses } = await iotJobs.emulate();
		const { mqtt, control, ca, things } = addresses;
		const { certificate, privateKey } = things.one as { certificate: string; privateKey: string };
		assert.equal((await createJobAt(addresses, "reboot-1", { operation: "reboot" })).status, 200);
		const device = iotJobs.start(
			...["simulate", "--thing", "one", "--dir", join(iotJobs.directory, "device"), "--json"],
			...["--endpoint", `mqtts://${mqtt.host}:${mqtt.port}`, "--ca", ca],
			...["--certificate", certificate, "--private-key", privateKey],
		);
		const lines = createInterface(device.stdout);
		for await (const line of lines) if (/reboot-1 is over/.test(line)) break;
		const described = await fetch(`${control.url}/things/one/jobs/reboot-1`);
		const { execution } = (await described.json()) as { execution: Record<string, unknown> };
		assert.equal(execution.status, "SUCCEEDED");
		assert.equal(execution.thingArn, "arn:aws:iot:us-east-1:123456789012:thing/one");
		const job = (await (await fetch(`${control.url}/jobs/reboot-1`)).json()) as { job: { status: string } };
		assert.equal(job.job.status, "COMPLETED");
		const document = await (await fetch(`${control.url}/jobs/reboot-1/job-document`)).json();
		assert.deepEqual(document, { document: '{"operation":"reboot"}' });
		device.kill("SIGTERM");
		assert.deepEqual(await once(device, "close"), [0, null]);
	});

	it("--endpoint https://...: polls the data plane", async () => {
		const { addresses } = await iotJobs.emulate();
		const { data, ca, things } = addresses;
		const { certificate, privateKey } = things.one as { certificate: string; privateKey: string };
		await createJobAt(addresses, "dance-1", { operation: "dance" });
		const device = iotJobs.start(
			...["simulate", "--thing", "one", "--json", "--endpoint", data.url, "--ca", ca],
			...["--certificate", certificate, "--private-key", privateKey],
		);
		for await (const line of createInterface(device.stdout)) if (/dance-1 is over/.test(line)) break;
		const { url } = addresses.control;
		const described = (await (await fetch(`${url}/things/one/jobs/dance-1`)).json()) as {
			execution: { status: string };
		};
		assert.equal(described.execution.status, "REJECTED");
	});

	it("--document: exit code 0 when the job SUCCEEDED, 1 when it did not", async () => {
		const good = join(iotJobs.directory, "reboot.json");
		writeFileSync(good, '{"operation": "reboot"}');
		const done = await iotJobs.run("simulate", "--thing", "one", "--document", good);
		assert.equal(done.code, 0, done.stderr);
		assert.match(done.stdout, /job-1: SUCCEEDED/);
		const unknown = join(iotJobs.directory, "dance.json");
		writeFileSync(unknown, '{"operation": "dance"}');
		const failed = await iotJobs.run("simulate", "--thing", "one", "--document", unknown);
		assert.equal(failed.code, 1);
		assert.match(failed.stdout, /REJECTED.*unknownOperation.*dance.*reboot ota/);
	});

	it("--engine xs: runs in the chip's engine, or says how to build it", async () => {
		const document = join(iotJobs.directory, "reboot.json");
		writeFileSync(document, '{"operation": "reboot"}');
		const { code, stdout, stderr } = await iotJobs.run(
			"simulate",
			"--thing",
			"one",
			"--engine",
			"xs",
			"--document",
			document,
		);
		if (engines.includes("xs")) {
			assert.equal(code, 0, stderr);
			assert.match(stdout, /job-1: SUCCEEDED/);
		} else {
			assert.equal(code, 2);
			assert.match(stderr, /npm run build:xs/);
		}
	});
});

describeMistakes("simulate", [
	["", 2, /--thing/],
	["--thing a/b", 2, /thing name "a\/b"/],
	["--thing one --document DIR/none.json", 2, /no such file/],
	["--thing one --document COMMAND", 2, /not JSON/],
	["--thing one --endpoint mqtts://x:1", 2, /--ca, --certificate and --private-key/],
	["--thing one --ca x", 2, /belong to --endpoint/],
	["--thing one --subscribe-answers", 2, /belong to --endpoint/],
	["--thing one --endpoint http://x FILES", 2, /mqtts:\/\/HOST:PORT/],
	["--thing one --endpoint mqtts://x:1 FILES", 1, /the CA's certificate cannot be read/],
	["--thing one --engine v8", 2, /node, xs/],
]);
