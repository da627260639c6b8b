import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { command, EmulatorProcess } from "./emulator-process.js";

/** Debian's, where it is: another `aws` on the PATH may be a script without its program. */
const aws = ["/usr/bin/aws", "aws"].find((command) => spawnSync(command, ["--version"]).status === 0);
const thing = "arn:aws:iot:us-east-1:123456789012:thing/alpha";

if (aws === undefined) {
	process.stdout.write("  THE AWS CLI IS NOT INSTALLED: nothing was tried with it. Debian: apt-get install awscli.\n");
} else {
	describe(`The AWS CLI, ${spawnSync(aws, ["--version"]).stdout.toString().split(" ")[0]}`, function () {
		this.timeout(120_000);
		let emulator: EmulatorProcess;
		before(async () => {
			emulator = await EmulatorProcess.start("--thing", "alpha");
		});
		after(() => emulator.end());

		function run(
			service: string,
			...args: string[]
		): { status: number | null; json: Record<string, unknown>; error: string } {
			const { status, stdout, stderr } = spawnSync(
				aws as string,
				[service, ...args, "--endpoint-url", emulator.addresses.control.url],
				{
					env: {
						...process.env,
						...{ AWS_ACCESS_KEY_ID: "any", AWS_SECRET_ACCESS_KEY: "any" },
						...{ AWS_DEFAULT_REGION: "us-east-1", AWS_PAGER: "", AWS_MAX_ATTEMPTS: "1" },
					},
				},
			);
			return { status, json: JSON.parse(stdout.toString() || "{}"), error: stderr.toString().trim() };
		}

		it("makes a thing with its certificate; one job is done, another cancelled", async () => {
			const arn = (kind: string, name: string) => `arn:aws:iot:us-east-1:123456789012:${kind}/${name}`;
			run("iot", "create-thing", "--thing-name", "lamp");
			run("iot", "create-thing-group", "--thing-group-name", "lamps");
			run("iot", "add-thing-to-thing-group", "--thing-name", "lamp", "--thing-group-name", "lamps");
			const files = ["lamp.pem", "lamp-key.pem", "lamp-public.pem"].map((name) => join(emulator.directory, name));
			const [certificate, privateKey, publicKey] = files as [string, string, string];
			const keys = ["--certificate-pem-outfile", certificate, "--private-key-outfile", privateKey];
			const made = run(
				"iot",
				"create-keys-and-certificate",
				"--set-as-active",
				...keys,
				"--public-key-outfile",
				publicKey,
			);
			const principal = String(made.json.certificateArn);
			run("iot", "attach-thing-principal", "--thing-name", "lamp", "--principal", principal);
			assert.deepEqual(run("iot", "list-thing-principals", "--thing-name", "lamp").json.principals, [principal]);
			const policy = readFileSync(new URL("../policies/device.json", import.meta.url), "utf8");
			run("iot", "create-policy", "--policy-name", "device", "--policy-document", policy);
			run("iot", "attach-policy", "--policy-name", "device", "--target", principal);

			const rollout = '{"maximumPerMinute": 50}';
			const timeout = '{"inProgressTimeoutInMinutes": 30}';
			const abort =
				'{"criteriaList": [{"failureType": "ALL", "action": "CANCEL", "thresholdPercentage": 50, "minNumberOfExecutedThings": 10}]}';
			const created = run(
				...(["iot", "create-job", "--job-id", "life", "--targets", arn("thinggroup", "lamps")] as const),
				...["--document", JSON.stringify({ operation: "reboot" }), "--description", "a whole life"],
				...["--job-executions-rollout-config", rollout, "--timeout-config", timeout, "--abort-config", abort],
			);
			assert.equal(created.json.jobId, "life", created.error);
			const { ca, mqtt } = emulator.addresses;
			const device = spawn(process.execPath, [
				...[command, "simulate", "--thing", "lamp", "--endpoint", `mqtts://127.0.0.1:${mqtt.port}`],
				...["--ca", ca, "--certificate", certificate, "--private-key", privateKey],
			]);
			const status = () =>
				run("iot", "describe-job-execution", "--job-id", "life", "--thing-name", "lamp").json.execution as {
					status: string;
					statusDetails: { detailsMap: object };
				};
			while (["QUEUED", "IN_PROGRESS"].includes(status().status)) await delay(50);
			device.kill();
			assert.deepEqual(
				[status().status, status().statusDetails.detailsMap],
				["SUCCEEDED", { resetReason: "software" }],
			);
			const { job } = run("iot", "describe-job", "--job-id", "life").json as { job: Record<string, unknown> };
			assert.deepEqual([job.status, job.jobExecutionsRolloutConfig], ["COMPLETED", JSON.parse(rollout)]);

			run("iot", "create-job", "--job-id", "other", "--targets", arn("thing", "lamp"), "--document", "{}");
			const executions = run("iot", "list-job-executions-for-thing", "--thing-name", "lamp").json;
			assert.equal((executions.executionSummaries as unknown[]).length, 2);
			assert.equal(run("iot", "cancel-job", "--job-id", "other").status, 0);
			assert.match(run("iot", "delete-thing-group", "--thing-group-name", "nothing").error, /^$/);
			for (const jobId of ["life", "other"]) assert.equal(run("iot", "delete-job", "--job-id", jobId).status, 0);
			assert.deepEqual(run("iot", "list-jobs", "--thing-group-name", "lamps").json.jobs, []);
		});

		it("runs a job over the data plane and lists it; cancels and deletes another", () => {
			const document = JSON.stringify({ operation: "reboot" });
			const create = (jobId: string) =>
				run("iot", "create-job", "--job-id", jobId, "--targets", thing, "--document", document);
			assert.equal(create("cli-1").json.jobId, "cli-1");
			assert.match(create("cli-1").error, /ResourceAlreadyExistsException/);
			const started = run("iot-jobs-data", "start-next-pending-job-execution", "--thing-name", "alpha");
			assert.equal((started.json.execution as { jobDocument: string }).jobDocument, document);
			const execution = run("iot", "describe-job-execution", "--job-id", "cli-1", "--thing-name", "alpha");
			assert.equal((execution.json.execution as { status: string }).status, "IN_PROGRESS");
			const update = ["--thing-name", "alpha", "--job-id", "cli-1", "--status", "SUCCEEDED", "--expected-version", "2"];
			assert.equal(run("iot-jobs-data", "update-job-execution", ...update).status, 0);
			const described = run("iot", "describe-job", "--job-id", "cli-1");
			assert.equal((described.json.job as { status: string }).status, "COMPLETED");
			assert.equal(run("iot", "get-job-document", "--job-id", "cli-1").json.document, document);
			create("cli-2");
			const jobs = run("iot", "list-jobs", "--max-items", "1").json as {
				jobs: { jobId: string }[];
				NextToken?: string;
			};
			assert.equal(jobs.jobs[0]?.jobId, "cli-2");
			const executions = run("iot", "list-job-executions-for-thing", "--thing-name", "alpha", "--status", "SUCCEEDED");
			assert.equal((executions.json.executionSummaries as unknown[]).length, 1);
			assert.equal(
				(run("iot", "list-job-executions-for-job", "--job-id", "cli-2").json.executionSummaries as unknown[]).length,
				1,
			);
			assert.equal(run("iot", "update-job", "--job-id", "cli-2", "--description", "second").status, 0);
			assert.equal(run("iot", "cancel-job", "--job-id", "cli-2", "--comment", "not now").json.jobId, "cli-2");
			assert.equal(run("iot", "delete-job", "--job-id", "cli-2").status, 0);
			assert.match(run("iot", "describe-job", "--job-id", "cli-2").error, /ResourceNotFoundException/);
			const endpoint = run("iot", "describe-endpoint", "--endpoint-type", "iot:Data-ATS").json.endpointAddress;
			assert.equal(endpoint, `${emulator.addresses.mqtt.host}:${emulator.addresses.mqtt.port}`);
		});
	});
}
