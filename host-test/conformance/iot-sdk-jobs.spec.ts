import assert from "node:assert/strict";
import {
	AddThingToThingGroupCommand,
	AssociateTargetsWithJobCommand,
	CancelJobCommand,
	CancelJobExecutionCommand,
	CreateJobTemplateCommand,
	CreateThingCommand,
	CreateThingGroupCommand,
	DeleteJobCommand,
	DeleteJobExecutionCommand,
	DeleteJobTemplateCommand,
	DescribeJobCommand,
	DescribeJobExecutionCommand,
	DescribeJobTemplateCommand,
	DescribeManagedJobTemplateCommand,
	GetJobDocumentCommand,
	ListJobExecutionsForJobCommand,
	ListJobExecutionsForThingCommand,
	ListJobsCommand,
	ListJobTemplatesCommand,
	ListManagedJobTemplatesCommand,
	paginateListJobExecutionsForJob,
	paginateListJobs,
	UpdateJobCommand,
} from "@aws-sdk/client-iot";
import { ACCOUNT, ALPHA, document, SdkSession } from "./iot-sdk.js";

describe("@aws-sdk/client-iot: jobs", () => {
	let sdk: SdkSession;
	before(async () => {
		sdk = await SdkSession.start();
		for (let i = 0; i < 10; i += 1) await sdk.send(new CreateThingCommand({ thingName: `many-${i}` }));
	});
	after(() => sdk.end());

	it("a job is created, described, updated, listed, cancelled and deleted", async () => {
		const jobExecutionsRolloutConfig = {
			maximumPerMinute: 100,
			exponentialRate: {
				baseRatePerMinute: 50,
				incrementFactor: 2,
				rateIncreaseCriteria: { numberOfNotifiedThings: 1_000 },
			},
		};
		const abortConfig = {
			criteriaList: [
				{ failureType: "FAILED", action: "CANCEL", thresholdPercentage: 20.5, minNumberOfExecutedThings: 10 } as const,
			],
		};
		const jobExecutionsRetryConfig = { criteriaList: [{ failureType: "ALL", numberOfRetries: 3 } as const] };
		const timeoutConfig = { inProgressTimeoutInMinutes: 90 };
		const presignedUrlConfig = { roleArn: "arn:aws:iam::123456789012:role/S3", expiresInSec: 300 };
		const endTime = `${new Date(Date.now() + 86_400_000).toISOString().slice(0, 16)}`;
		const jobId = await sdk.createJob({
			...{ jobExecutionsRolloutConfig, abortConfig, jobExecutionsRetryConfig, timeoutConfig, presignedUrlConfig },
			targetSelection: "CONTINUOUS",
			description: "first",
			schedulingConfig: { endTime, endBehavior: "FORCE_CANCEL" },
			tags: [{ Key: "team", Value: "blue" }],
		});
		const { job } = (await sdk.send(new DescribeJobCommand({ jobId }))) as { job: Record<string, unknown> };
		const expected = {
			...{ jobId, jobArn: `${ACCOUNT}:job/${jobId}`, description: "first", status: "IN_PROGRESS" },
			...{ targetSelection: "CONTINUOUS", targets: [ALPHA] },
			...{ jobExecutionsRolloutConfig, abortConfig, jobExecutionsRetryConfig, timeoutConfig, presignedUrlConfig },
		};
		assert.deepEqual({ ...job, ...expected }, job, "every member is there as it was given");
		assert.ok(job.createdAt instanceof Date && Math.abs(job.createdAt.getTime() - Date.now()) < 60_000);
		await sdk.send(
			new UpdateJobCommand({ jobId, description: "second", timeoutConfig: { inProgressTimeoutInMinutes: 5 } }),
		);
		const updated = ((await sdk.send(new DescribeJobCommand({ jobId }))) as { job: Record<string, unknown> }).job;
		assert.deepEqual([updated.description, updated.timeoutConfig], ["second", { inProgressTimeoutInMinutes: 5 }]);
		await sdk.send(new CreateThingCommand({ thingName: "beta" }));
		const targets = [`${ACCOUNT}:thing/beta`];
		const associated = await sdk.send(new AssociateTargetsWithJobCommand({ jobId, targets, comment: "one more" }));
		assert.equal((associated as { jobId: string }).jobId, jobId);
		const { execution } = (await sdk.send(new DescribeJobExecutionCommand({ jobId, thingName: "beta" }))) as {
			execution: Record<string, unknown>;
		};
		assert.deepEqual([execution.status, execution.executionNumber, execution.versionNumber], ["QUEUED", 1, 1]);
		const ofJob = (await sdk.send(new ListJobExecutionsForJobCommand({ jobId, status: "QUEUED" }))) as {
			executionSummaries: { thingArn: string }[];
		};
		assert.deepEqual(ofJob.executionSummaries.map(({ thingArn }) => thingArn).sort(), [ALPHA, ...targets].sort());
		const ofThing = (await sdk.send(new ListJobExecutionsForThingCommand({ thingName: "beta", jobId }))) as {
			executionSummaries: { jobId: string }[];
		};
		assert.deepEqual(
			ofThing.executionSummaries.map((summary) => summary.jobId),
			[jobId],
		);
		const listed = (await sdk.send(new ListJobsCommand({ targetSelection: "CONTINUOUS", maxResults: 250 }))) as {
			jobs: { jobId: string }[];
		};
		assert.ok(listed.jobs.some((one) => one.jobId === jobId));
		await sdk.send(
			new CancelJobExecutionCommand({ jobId, thingName: "beta", expectedVersion: 1, statusDetails: { why: "test" } }),
		);
		const canceled = (
			(await sdk.send(new DescribeJobExecutionCommand({ jobId, thingName: "beta" }))) as {
				execution: { status: string; statusDetails: { detailsMap: object } };
			}
		).execution;
		assert.deepEqual([canceled.status, canceled.statusDetails.detailsMap], ["CANCELED", { why: "test" }]);
		await sdk.send(new DeleteJobExecutionCommand({ jobId, thingName: "beta", executionNumber: 1 }));
		await sdk.refused(new DescribeJobExecutionCommand({ jobId, thingName: "beta" }), "ResourceNotFoundException");
		await sdk.send(new CancelJobCommand({ jobId, comment: "enough", reasonCode: "TEST", force: true }));
		const ended = ((await sdk.send(new DescribeJobCommand({ jobId }))) as { job: Record<string, unknown> }).job;
		assert.deepEqual(
			[ended.status, ended.comment, ended.reasonCode, ended.forceCanceled],
			["CANCELED", "enough", "TEST", true],
		);
		await sdk.send(new DeleteJobCommand({ jobId }));
		await sdk.refused(new DescribeJobCommand({ jobId }), "ResourceNotFoundException");
	});

	it("the SDK's own paginators see every job and every execution once", async () => {
		for (let i = 0; i < 8; i += 1) await sdk.createJob();
		const seen: string[] = [];
		for await (const { jobs: page = [] } of paginateListJobs({ client: sdk.client, pageSize: 2 }, {})) {
			seen.push(...page.map(({ jobId }) => jobId ?? ""));
		}
		assert.equal(new Set(seen).size, seen.length);
		assert.ok(seen.length >= 8);
		await sdk.send(new CreateThingGroupCommand({ thingGroupName: "paged" }));
		for (let i = 0; i < 10; i += 1) {
			await sdk.send(new AddThingToThingGroupCommand({ thingGroupName: "paged", thingName: `many-${i}` }));
		}
		const jobId = await sdk.createJob({ targets: [`${ACCOUNT}:thinggroup/paged`] });
		const things: (string | undefined)[] = [];
		for await (const { executionSummaries = [] } of paginateListJobExecutionsForJob(
			{ client: sdk.client, pageSize: 3 },
			{ jobId },
		)) {
			things.push(...executionSummaries.map(({ thingArn }) => thingArn));
		}
		assert.equal(new Set(things).size, 10);
	});

	it("jobs come from the operator's own templates and from AWS's managed ones", async () => {
		const config = { timeoutConfig: { inProgressTimeoutInMinutes: 7 } };
		await sdk.send(new CreateJobTemplateCommand({ jobTemplateId: "own", description: "waits", document, ...config }));
		await sdk.refused(
			new CreateJobTemplateCommand({ jobTemplateId: "own", description: "x", document }),
			"ConflictException",
		);
		const own = await sdk.client.send(new DescribeJobTemplateCommand({ jobTemplateId: "own" }));
		assert.deepEqual([own.document, own.timeoutConfig, own.description], [document, config.timeoutConfig, "waits"]);
		const { jobTemplates } = await sdk.client.send(new ListJobTemplatesCommand({}));
		assert.deepEqual(
			jobTemplates?.map(({ jobTemplateId }) => jobTemplateId),
			["own"],
		);
		const jobId = await sdk.createJob({ document: undefined, jobTemplateArn: own.jobTemplateArn });
		const { job } = await sdk.client.send(new DescribeJobCommand({ jobId }));
		assert.deepEqual([job?.timeoutConfig, job?.jobTemplateArn], [config.timeoutConfig, own.jobTemplateArn]);
		await sdk.send(new DeleteJobTemplateCommand({ jobTemplateId: "own" }));
		await sdk.refused(new DescribeJobTemplateCommand({ jobTemplateId: "own" }), "ResourceNotFoundException");
		const { managedJobTemplates } = await sdk.client.send(new ListManagedJobTemplatesCommand({}));
		const reboot = managedJobTemplates?.find(({ templateName }) => templateName === "AWS-Reboot");
		const managed = await sdk.client.send(new DescribeManagedJobTemplateCommand({ templateName: "AWS-Reboot" }));
		assert.match(managed.document ?? "", /reboot\.sh/);
		const documentParameters = { runAsUser: 'a "quoted" one' };
		const ofReboot = { document: undefined, jobTemplateArn: reboot?.templateArn, documentParameters };
		const rebootId = await sdk.createJob(ofReboot);
		const { document: rebootDocument = "" } = await sdk.client.send(new GetJobDocumentCommand({ jobId: rebootId }));
		const [{ action }] = JSON.parse(rebootDocument).steps;
		assert.deepEqual([action.name, action.runAsUser], ["Reboot", 'a "quoted" one']);
		const before = new GetJobDocumentCommand({ jobId: rebootId, beforeSubstitution: true });
		assert.match((await sdk.client.send(before)).document ?? "", /aws:iot:parameter:runAsUser/);
		await sdk.refused(
			new DescribeManagedJobTemplateCommand({ templateName: "AWS-Nothing" }),
			"ResourceNotFoundException",
		);
	});

	it("a document comes from an object that the emulator serves", async () => {
		sdk.emulator.putObject("document.json", Buffer.from(document));
		const documentSource = "https://s3.us-east-1.amazonaws.com/bucket/folder/document.json";
		const jobId = await sdk.createJob({ document: undefined, documentSource });
		assert.equal((await sdk.client.send(new GetJobDocumentCommand({ jobId }))).document, document);
	});
});
