import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import {
	DescribeJobExecutionCommand,
	GetPendingJobExecutionsCommand,
	InvalidRequestException,
	InvalidStateTransitionException,
	IoTJobsDataPlaneClient,
	ResourceNotFoundException,
	ServiceUnavailableException,
	StartNextPendingJobExecutionCommand,
	TerminalStateException,
	ThrottlingException,
	UpdateJobExecutionCommand,
} from "@aws-sdk/client-iot-jobs-data-plane";
import { EmulatorProcess } from "./emulator-process.js";

const thingName = "alpha";
const document = { operation: "reboot" };
const credentials = { accessKeyId: "any", secretAccessKey: "any" };

describe("@aws-sdk/client-iot-jobs-data-plane", () => {
	let emulator: EmulatorProcess;
	const clients: IoTJobsDataPlaneClient[] = [];
	before(async () => {
		emulator = await EmulatorProcess.start(
			...["--thing", thingName, "--thing", "slow", "--thing", "down"],
			...["--fault", "error,thing=slow,code=RequestThrottled", "--fault", "error,thing=down,code=InternalError"],
		);
	});
	after(async () => {
		for (const client of clients) client.destroy();
		await emulator.end();
	});

	/** Signed, at the operator's port. */
	function signed(): IoTJobsDataPlaneClient {
		const endpoint = emulator.addresses.control.url;
		const client = new IoTJobsDataPlaneClient({ endpoint, region: "us-east-1", credentials, maxAttempts: 1 });
		clients.push(client);
		return client;
	}

	/** With the thing's certificate, at the devices' port. */
	function withCertificate(): IoTJobsDataPlaneClient {
		const { certificate, privateKey } = emulator.addresses.things[thingName] as {
			certificate: string;
			privateKey: string;
		};
		const [ca, cert, key] = [emulator.addresses.ca, certificate, privateKey].map((path) => readFileSync(path));
		const client = new IoTJobsDataPlaneClient({
			endpoint: emulator.addresses.data.url,
			region: "us-east-1",
			credentials,
			maxAttempts: 1,
			requestHandler: { httpsAgent: new Agent({ ca, cert, key }) },
		});
		clients.push(client);
		return client;
	}

	for (const [how, make] of [
		["signed", signed],
		["with the thing's certificate", withCertificate],
	] as const) {
		it(`${how}: the four operations, and the errors of each`, async () => {
			const client = make();
			const jobId = `job-${how.length}`;
			await emulator.createJob(jobId, thingName, document, { inProgressTimeoutInMinutes: 10 });

			const pending = await client.send(new GetPendingJobExecutionsCommand({ thingName }));
			assert.deepEqual(pending.inProgressJobs, []);
			assert.equal(pending.queuedJobs?.[0]?.jobId, jobId);
			assert.ok(Math.abs((pending.queuedJobs?.[0]?.queuedAt ?? 0) * 1_000 - Date.now()) < 60_000, "seconds");

			const { execution } = await client.send(
				new StartNextPendingJobExecutionCommand({ thingName, statusDetails: { a: "b" }, stepTimeoutInMinutes: 1 }),
			);
			assert.equal(execution?.status, "IN_PROGRESS");
			assert.equal(execution?.jobDocument, JSON.stringify(document));
			assert.deepEqual(execution?.statusDetails, { a: "b" });
			assert.ok((execution?.approximateSecondsBeforeTimedOut ?? 0) > 50);

			const next = await client.send(new DescribeJobExecutionCommand({ thingName, jobId: "$next" }));
			assert.equal(next.execution?.versionNumber, 2);
			const bare = await client.send(
				new DescribeJobExecutionCommand({ thingName, jobId, executionNumber: 1n as never, includeJobDocument: false }),
			);
			assert.equal(bare.execution?.jobDocument, undefined);

			const update = { thingName, jobId, status: "SUCCEEDED" as const };
			await assert.rejects(
				client.send(new UpdateJobExecutionCommand({ ...update, expectedVersion: 99 })),
				(error) => error instanceof InvalidStateTransitionException && /VersionMismatch/.test(error.message),
			);
			await assert.rejects(
				client.send(new UpdateJobExecutionCommand({ ...update, status: "CANCELED" })),
				InvalidStateTransitionException,
			);
			const updated = await client.send(
				new UpdateJobExecutionCommand({
					...update,
					expectedVersion: 2,
					includeJobExecutionState: true,
					includeJobDocument: true,
				}),
			);
			assert.equal(updated.executionState?.status, "SUCCEEDED");
			assert.equal(updated.executionState?.versionNumber, 3);
			assert.equal(updated.jobDocument, JSON.stringify(document));

			await assert.rejects(client.send(new UpdateJobExecutionCommand(update)), InvalidStateTransitionException);
			await assert.rejects(client.send(new DescribeJobExecutionCommand({ thingName, jobId })), TerminalStateException);
			await assert.rejects(
				client.send(new DescribeJobExecutionCommand({ thingName, jobId: "none" })),
				ResourceNotFoundException,
			);
			await assert.rejects(
				client.send(new StartNextPendingJobExecutionCommand({ thingName, stepTimeoutInMinutes: 20_000 })),
				InvalidRequestException,
			);
			assert.equal((await client.send(new StartNextPendingJobExecutionCommand({ thingName }))).execution, undefined);
		});
	}

	it("an unknown thing, throttling and a failing service are AWS's exceptions", async () => {
		const client = signed();
		await assert.rejects(
			client.send(new GetPendingJobExecutionsCommand({ thingName: "nobody" })),
			ResourceNotFoundException,
		);
		await assert.rejects(client.send(new GetPendingJobExecutionsCommand({ thingName: "slow" })), ThrottlingException);
		const failing = client.send(new GetPendingJobExecutionsCommand({ thingName: "down" }));
		await assert.rejects(failing, ServiceUnavailableException);
	});

	it("a certificate reaches its own thing only", async () => {
		await assert.rejects(
			withCertificate().send(new GetPendingJobExecutionsCommand({ thingName: "slow" })),
			(error: Error & { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode === 403,
		);
	});
});
