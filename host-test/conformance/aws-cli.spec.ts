import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { EmulatorProcess } from "./emulator-process.js";

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

		it("creates a job, follows it, runs it over the data plane, lists it, cancels and deletes another", () => {
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
