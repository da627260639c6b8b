import assert from "node:assert/strict";
import {
	AssociateTargetsWithJobCommand,
	CancelJobCommand,
	CancelJobExecutionCommand,
	CreateJobCommand,
	CreateThingCommand,
	DeleteJobCommand,
	DeleteJobExecutionCommand,
	DescribeJobCommand,
	DescribeJobExecutionCommand,
	GetJobDocumentCommand,
	IoTClient,
	ListJobExecutionsForJobCommand,
	ListJobExecutionsForThingCommand,
	ListJobsCommand,
	UpdateJobCommand,
} from "@aws-sdk/client-iot";
import { EmulatorProcess } from "./emulator-process.js";
import { ACCOUNT, ALPHA, type AnyCommand, document, documentWith, KEY, SdkSession } from "./iot-sdk.js";

describe("@aws-sdk/client-iot: the errors of the operations on jobs", () => {
	let sdk: SdkSession;
	before(async () => {
		sdk = await SdkSession.start();
		await sdk.send(new CreateJobCommand({ ...good, jobId: "existing" }));
		await sdk.send(new CreateJobCommand({ ...good, jobId: "continuous", targetSelection: "CONTINUOUS" }));
		await sdk.send(new CreateJobCommand({ ...good, jobId: "ended" }));
		await sdk.send(new CancelJobCommand({ jobId: "ended" }));
		for (let i = 0; i < 101; i += 1) await sdk.send(new CreateThingCommand({ thingName: `many-${i}` }));
	});
	after(() => sdk.end());

	const good = { jobId: "good", targets: [ALPHA], document };

	const unknown = { jobId: "nothing" };

	const rows: readonly (readonly [
		operation: string,
		make: (input: AnyCommand) => AnyCommand,
		errors: Record<string, object>,
	])[] = [
		[
			"CreateJob",
			(input) => new CreateJobCommand({ ...good, ...input }),
			{
				InvalidRequestException: { document: "{" },
				ResourceNotFoundException: { targets: [`${ACCOUNT}:thing/nobody`] },
				ResourceAlreadyExistsException: { jobId: "existing" },
				LimitExceededException: {
					targetSelection: "CONTINUOUS",
					targets: Array.from({ length: 101 }, () => ALPHA),
				},
			},
		],
		["DescribeJob", (input) => new DescribeJobCommand(input), both({ jobId: "a b" }, unknown)],
		["GetJobDocument", (input) => new GetJobDocumentCommand(input), both({ jobId: "a b" }, unknown)],
		[
			"UpdateJob",
			(input) => new UpdateJobCommand(input),
			both({ jobId: "existing", presignedUrlConfig: { expiresInSec: 1 } }, unknown),
		],
		[
			"AssociateTargetsWithJob",
			(input) => new AssociateTargetsWithJobCommand({ targets: [ALPHA], ...input }),
			{
				...both({ jobId: "existing" }, unknown),
				LimitExceededException: {
					jobId: "continuous",
					targets: Array.from({ length: 101 }, (_, i) => `${ACCOUNT}:thing/many-${i}`),
				},
			},
		],
		[
			"CancelJob",
			(input) => new CancelJobCommand(input),
			{ ...both({ jobId: "ended" }, unknown), LimitExceededException: { jobId: "limited" } },
		],
		[
			"DeleteJob",
			(input) => new DeleteJobCommand(input),
			{
				...both({ jobId: "a b" }, unknown),
				InvalidStateTransitionException: { jobId: "existing" },
				LimitExceededException: { jobId: "limited" },
			},
		],
		["ListJobs", (input) => new ListJobsCommand(input), both({ status: "STRANGE" }, { thingGroupId: "nothing" })],
		[
			"ListJobExecutionsForJob",
			(input) => new ListJobExecutionsForJobCommand(input),
			both({ jobId: "existing", nextToken: "!" }, unknown),
		],
		[
			"ListJobExecutionsForThing",
			(input) => new ListJobExecutionsForThingCommand(input),
			both({ thingName: "alpha", maxResults: 251 }, { thingName: "nobody" }),
		],
		[
			"DescribeJobExecution",
			(input) => new DescribeJobExecutionCommand({ thingName: "alpha", ...input }),
			both({ jobId: "a b" }, unknown),
		],
		[
			"CancelJobExecution",
			(input) => new CancelJobExecutionCommand({ thingName: "alpha", jobId: "existing", ...input }),
			{
				...both({ statusDetails: { "a b": "c" } }, unknown),
				InvalidStateTransitionException: { jobId: "ended" },
				VersionConflictException: { expectedVersion: 77 },
			},
		],
		[
			"DeleteJobExecution",
			(input) => new DeleteJobExecutionCommand({ thingName: "alpha", jobId: "existing", executionNumber: 1, ...input }),
			{ ...both({ jobId: "a b" }, unknown), InvalidStateTransitionException: {} },
		],
	];

	function both(invalid: object, unknown: object) {
		return { InvalidRequestException: invalid, ResourceNotFoundException: unknown };
	}

	for (const [operation, make, errors] of rows) {
		const faults = operation === "ListJobs" ? [] : ["ThrottlingException", "ServiceUnavailableException"];
		it(`${operation}: ${[...Object.keys(errors), ...faults].join(", ")}`, async () => {
			for (const [name, input] of Object.entries(errors)) await sdk.refused(make(input), name);
			const named = (name: string) =>
				operation === "ListJobExecutionsForThing" ? { thingName: name } : { jobId: name };
			if (operation === "ListJobs") return; // it names nothing that a fault could be aimed at: see below
			await sdk.refused(make(named("throttled")), "ThrottlingException");
			await sdk.refused(make(named("down")), "ServiceUnavailableException");
		});
	}

	it("ListJobs: ThrottlingException, ServiceUnavailableException", async () => {
		const own = await EmulatorProcess.start(
			...["--thing", "alpha", "--fault", "error,topic=control/GET /jobs,code=RequestThrottled,times=1"],
			...["--fault", "error,topic=control/GET /jobs,code=InternalError,times=1"],
		);
		const { url: endpoint } = own.addresses.control;
		const other = new IoTClient({ endpoint, region: "us-east-1", credentials: KEY, maxAttempts: 1 });
		await assert.rejects(other.send(new ListJobsCommand({})), { name: "ThrottlingException" });
		await assert.rejects(other.send(new ListJobsCommand({})), { name: "ServiceUnavailableException" });
		assert.deepEqual((await other.send(new ListJobsCommand({}))).jobs, []);
		other.destroy();
		await own.end();
	});

	for (const [what, change] of Object.entries({
		"no targets": { targets: [] },
		"a target that is no ARN": { targets: ["alpha"] },
		"neither document nor source": { document: undefined },
		"both document and source": { documentSource: "https://s3.amazonaws.com/b/k" },
		"a source that is not there": { document: undefined, documentSource: "https://s3.amazonaws.com/b/k" },
		"a document that is a list": { document: "[]" },
		"a document of 32,769 characters": { document: JSON.stringify({ a: "x".repeat(32_761) }) },
		"a parameter that is missing": { document: documentWith("missing") },
		"a rate of 0": { jobExecutionsRolloutConfig: { maximumPerMinute: 0 } },
		"a rate of 1,001": { jobExecutionsRolloutConfig: { maximumPerMinute: 1_001 } },
		"a factor of 1": {
			jobExecutionsRolloutConfig: {
				exponentialRate: {
					baseRatePerMinute: 1,
					incrementFactor: 1,
					rateIncreaseCriteria: { numberOfNotifiedThings: 1 },
				},
			},
		},
		"an unknown action": {
			abortConfig: {
				criteriaList: [{ failureType: "ALL", action: "STOP", thresholdPercentage: 1, minNumberOfExecutedThings: 1 }],
			},
		},
		"a timeout of 10,081 minutes": { timeoutConfig: { inProgressTimeoutInMinutes: 10_081 } },
		"retries of what was rejected": {
			jobExecutionsRetryConfig: { criteriaList: [{ failureType: "REJECTED", numberOfRetries: 1 }] },
		},
		"a start in a minute": {
			schedulingConfig: { startTime: new Date(Date.now() + 60_000).toISOString().slice(0, 16) },
		},
		"a start that is no time": { schedulingConfig: { startTime: "tomorrow" } },
		"windows of a SNAPSHOT job": {
			schedulingConfig: { maintenanceWindows: [{ startTime: "cron(0 2 ? * * *)", durationInMinutes: 60 }] },
		},
		"a window that is no cron expression": {
			targetSelection: "CONTINUOUS",
			schedulingConfig: { maintenanceWindows: [{ startTime: "at night", durationInMinutes: 60 }] },
		},
		"a tag of AWS's own": { tags: [{ Key: "aws:x", Value: "y" }] },
	})) {
		it(`CreateJob with ${what} is an InvalidRequestException, and creates nothing`, async () => {
			await sdk.refused(new CreateJobCommand({ ...good, ...(change as object) }), "InvalidRequestException");
			await sdk.refused(new DescribeJobCommand({ jobId: "good" }), "ResourceNotFoundException");
		});
	}
});
