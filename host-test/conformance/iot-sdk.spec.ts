import assert from "node:assert/strict";
import {
	AddThingToThingGroupCommand,
	AssociateTargetsWithJobCommand,
	AttachPolicyCommand,
	AttachThingPrincipalCommand,
	CancelJobCommand,
	CancelJobExecutionCommand,
	CreateJobCommand,
	CreateJobTemplateCommand,
	CreateKeysAndCertificateCommand,
	CreatePolicyCommand,
	CreateStreamCommand,
	CreateThingCommand,
	CreateThingGroupCommand,
	DeleteJobCommand,
	DeleteJobExecutionCommand,
	DeleteJobTemplateCommand,
	DeleteStreamCommand,
	DeleteThingCommand,
	DeleteThingGroupCommand,
	DescribeEndpointCommand,
	DescribeEventConfigurationsCommand,
	DescribeJobCommand,
	DescribeJobExecutionCommand,
	DescribeJobTemplateCommand,
	DescribeManagedJobTemplateCommand,
	DescribeStreamCommand,
	DescribeThingCommand,
	DescribeThingGroupCommand,
	GetJobDocumentCommand,
	IoTClient,
	ListJobExecutionsForJobCommand,
	ListJobExecutionsForThingCommand,
	ListJobsCommand,
	ListJobTemplatesCommand,
	ListManagedJobTemplatesCommand,
	ListStreamsCommand,
	ListTagsForResourceCommand,
	ListThingGroupsCommand,
	ListThingGroupsForThingCommand,
	ListThingPrincipalsCommand,
	ListThingsCommand,
	ListThingsInThingGroupCommand,
	paginateListJobExecutionsForJob,
	paginateListJobs,
	RemoveThingFromThingGroupCommand,
	TagResourceCommand,
	UntagResourceCommand,
	UpdateEventConfigurationsCommand,
	UpdateJobCommand,
	UpdateStreamCommand,
} from "@aws-sdk/client-iot";
import { IoTJobsDataPlaneClient, StartNextPendingJobExecutionCommand } from "@aws-sdk/client-iot-jobs-data-plane";
import { EmulatorProcess } from "./emulator-process.js";

const KEY = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const account = "arn:aws:iot:us-east-1:123456789012";
const alpha = `${account}:thing/alpha`;
const document = JSON.stringify({ operation: "wait" });
const withParameter = (name: string) => JSON.stringify({ operation: "wait", note: `\${aws:iot:parameter:${name}}` });

// biome-ignore lint/suspicious/noExplicitAny: each command has its own types
type AnyCommand = any;

describe("@aws-sdk/client-iot, signed", () => {
	let emulator: EmulatorProcess;
	let client: IoTClient;
	let jobs = 0;
	before(async () => {
		emulator = await EmulatorProcess.start(
			...["--thing", "alpha", "--access-key", KEY.accessKeyId, "--secret-key", KEY.secretAccessKey],
			...["--fault", "error,topic=control/*throttled*,code=RequestThrottled"],
			...["--fault", "error,topic=control/*down*,code=InternalError"],
			...["--fault", "error,topic=control/*limited*,code=LimitExceeded"],
		);
		client = makeClient(KEY);
	});
	after(async () => {
		client.destroy();
		await emulator.end();
	});

	function makeClient(credentials: typeof KEY): IoTClient {
		return new IoTClient({
			endpoint: emulator.addresses.control.url,
			region: "us-east-1",
			credentials,
			maxAttempts: 1,
		});
	}

	// biome-ignore lint/suspicious/noExplicitAny: each answer has its own type
	const send = async (command: AnyCommand): Promise<any> => await client.send(command);

	/** A new job of alpha. @returns its id */
	async function createJob(options: object = {}): Promise<string> {
		jobs += 1;
		const jobId = `job-${jobs}`;
		await send(new CreateJobCommand({ jobId, targets: [alpha], document, ...options }));
		return jobId;
	}

	async function refused(command: AnyCommand, name: string): Promise<void> {
		await assert.rejects(send(command), (error: Error & { $metadata?: object }) => {
			assert.equal(error.name, name, error.message);
			return true;
		});
	}

	it("takes what is signed by the key, and nothing else", async () => {
		await send(new ListJobsCommand({}));
		for (const [credentials, name] of [
			[{ ...KEY, secretAccessKey: "another" }, "InvalidSignatureException"],
			[{ ...KEY, accessKeyId: "another" }, "UnrecognizedClientException"],
		] as const) {
			const stranger = makeClient(credentials);
			await assert.rejects(stranger.send(new ListJobsCommand({})), { name });
			await assert.rejects(stranger.send(new CreateJobCommand({ jobId: "x", targets: [alpha], document })), { name });
			stranger.destroy();
		}
		const unsigned = await fetch(`${emulator.addresses.control.url}/jobs`);
		assert.equal(unsigned.status, 403);
	});

	it("takes a signature whatever is in the path: a colon, a dollar sign, an ARN in the query", async () => {
		const thingName = "hall:lamp_1-a";
		await send(new CreateThingCommand({ thingName }));
		assert.equal((await send(new DescribeThingCommand({ thingName }))).thingName, thingName);
		await send(new CreateJobCommand({ jobId: "colon", targets: [`${account}:thing/${thingName}`], document }));
		assert.deepEqual((await send(new ListTagsForResourceCommand({ resourceArn: `${account}:job/colon` }))).tags, []);
		const { url: endpoint } = emulator.addresses.control;
		const options = { endpoint, region: "us-east-1", maxAttempts: 1 };
		const device = new IoTJobsDataPlaneClient({ ...options, credentials: KEY });
		const { execution } = await device.send(
			new StartNextPendingJobExecutionCommand({ thingName, statusDetails: { a: "b" } }),
		);
		assert.equal(execution?.jobId, "colon");
		const stranger = new IoTJobsDataPlaneClient({ ...options, credentials: { ...KEY, secretAccessKey: "another" } });
		await assert.rejects(stranger.send(new StartNextPendingJobExecutionCommand({ thingName })), {
			name: "InvalidSignatureException",
		});
		device.destroy();
		stranger.destroy();
	});

	it("a job's whole life: create, describe, document, update, associate, list, cancel, delete", async () => {
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
		const jobId = await createJob({
			...{ jobExecutionsRolloutConfig, abortConfig, jobExecutionsRetryConfig, timeoutConfig, presignedUrlConfig },
			targetSelection: "CONTINUOUS",
			description: "first",
			schedulingConfig: { endTime, endBehavior: "FORCE_CANCEL" },
			document: withParameter("note"),
			documentParameters: { note: 'a "quoted" one' },
			tags: [{ Key: "team", Value: "blue" }],
		});
		const { job } = (await send(new DescribeJobCommand({ jobId }))) as { job: Record<string, unknown> };
		const expected = {
			...{ jobId, jobArn: `${account}:job/${jobId}`, description: "first", status: "IN_PROGRESS" },
			...{ targetSelection: "CONTINUOUS", targets: [alpha], documentParameters: { note: 'a "quoted" one' } },
			...{ jobExecutionsRolloutConfig, abortConfig, jobExecutionsRetryConfig, timeoutConfig, presignedUrlConfig },
		};
		assert.deepEqual({ ...job, ...expected }, job, "every member is there as it was given");
		assert.ok(job.createdAt instanceof Date && Math.abs(job.createdAt.getTime() - Date.now()) < 60_000);
		const { document: replaced } = (await send(new GetJobDocumentCommand({ jobId }))) as { document: string };
		assert.equal(JSON.parse(replaced).note, 'a "quoted" one');
		const original = (await send(new GetJobDocumentCommand({ jobId, beforeSubstitution: true }))) as {
			document: string;
		};
		assert.match(original.document, /aws:iot:parameter:note/);
		await send(
			new UpdateJobCommand({ jobId, description: "second", timeoutConfig: { inProgressTimeoutInMinutes: 5 } }),
		);
		const updated = ((await send(new DescribeJobCommand({ jobId }))) as { job: Record<string, unknown> }).job;
		assert.deepEqual([updated.description, updated.timeoutConfig], ["second", { inProgressTimeoutInMinutes: 5 }]);
		await send(new CreateThingCommand({ thingName: "beta" }));
		const targets = [`${account}:thing/beta`];
		const associated = await send(new AssociateTargetsWithJobCommand({ jobId, targets, comment: "one more" }));
		assert.equal((associated as { jobId: string }).jobId, jobId);
		const { execution } = (await send(new DescribeJobExecutionCommand({ jobId, thingName: "beta" }))) as {
			execution: Record<string, unknown>;
		};
		assert.deepEqual([execution.status, execution.executionNumber, execution.versionNumber], ["QUEUED", 1, 1]);
		const ofJob = (await send(new ListJobExecutionsForJobCommand({ jobId, status: "QUEUED" }))) as {
			executionSummaries: { thingArn: string }[];
		};
		assert.deepEqual(ofJob.executionSummaries.map(({ thingArn }) => thingArn).sort(), [alpha, ...targets].sort());
		const ofThing = (await send(new ListJobExecutionsForThingCommand({ thingName: "beta", jobId }))) as {
			executionSummaries: { jobId: string }[];
		};
		assert.deepEqual(
			ofThing.executionSummaries.map((summary) => summary.jobId),
			[jobId],
		);
		const listed = (await send(new ListJobsCommand({ targetSelection: "CONTINUOUS", maxResults: 250 }))) as {
			jobs: { jobId: string }[];
		};
		assert.ok(listed.jobs.some((one) => one.jobId === jobId));
		await send(
			new CancelJobExecutionCommand({ jobId, thingName: "beta", expectedVersion: 1, statusDetails: { why: "test" } }),
		);
		const canceled = (
			(await send(new DescribeJobExecutionCommand({ jobId, thingName: "beta" }))) as {
				execution: { status: string; statusDetails: { detailsMap: object } };
			}
		).execution;
		assert.deepEqual([canceled.status, canceled.statusDetails.detailsMap], ["CANCELED", { why: "test" }]);
		await send(new DeleteJobExecutionCommand({ jobId, thingName: "beta", executionNumber: 1 }));
		await refused(new DescribeJobExecutionCommand({ jobId, thingName: "beta" }), "ResourceNotFoundException");
		await send(new CancelJobCommand({ jobId, comment: "enough", reasonCode: "TEST", force: true }));
		const ended = ((await send(new DescribeJobCommand({ jobId }))) as { job: Record<string, unknown> }).job;
		assert.deepEqual(
			[ended.status, ended.comment, ended.reasonCode, ended.forceCanceled],
			["CANCELED", "enough", "TEST", true],
		);
		await send(new DeleteJobCommand({ jobId }));
		await refused(new DescribeJobCommand({ jobId }), "ResourceNotFoundException");
	});

	const good = { jobId: "good", targets: [alpha], document };
	const reset = { jobId: "nothing" };
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
				ResourceNotFoundException: { targets: [`${account}:thing/nobody`] },
				ResourceAlreadyExistsException: { jobId: "existing" },
				LimitExceededException: {
					targetSelection: "CONTINUOUS",
					targets: Array.from({ length: 101 }, () => alpha),
				},
			},
		],
		["DescribeJob", (input) => new DescribeJobCommand(input), both({ jobId: "a b" }, reset)],
		["GetJobDocument", (input) => new GetJobDocumentCommand(input), both({ jobId: "a b" }, reset)],
		[
			"UpdateJob",
			(input) => new UpdateJobCommand(input),
			both({ jobId: "existing", presignedUrlConfig: { expiresInSec: 1 } }, reset),
		],
		[
			"AssociateTargetsWithJob",
			(input) => new AssociateTargetsWithJobCommand({ targets: [alpha], ...input }),
			{
				...both({ jobId: "existing" }, reset),
				LimitExceededException: {
					jobId: "continuous",
					targets: Array.from({ length: 101 }, (_, i) => `${account}:thing/many-${i}`),
				},
			},
		],
		[
			"CancelJob",
			(input) => new CancelJobCommand(input),
			{ ...both({ jobId: "ended" }, reset), LimitExceededException: { jobId: "limited" } },
		],
		[
			"DeleteJob",
			(input) => new DeleteJobCommand(input),
			{
				...both({ jobId: "a b" }, reset),
				InvalidStateTransitionException: { jobId: "existing" },
				LimitExceededException: { jobId: "limited" },
			},
		],
		["ListJobs", (input) => new ListJobsCommand(input), both({ status: "STRANGE" }, { thingGroupId: "nothing" })],
		[
			"ListJobExecutionsForJob",
			(input) => new ListJobExecutionsForJobCommand(input),
			both({ jobId: "existing", nextToken: "!" }, reset),
		],
		[
			"ListJobExecutionsForThing",
			(input) => new ListJobExecutionsForThingCommand(input),
			both({ thingName: "alpha", maxResults: 251 }, { thingName: "nobody" }),
		],
		[
			"DescribeJobExecution",
			(input) => new DescribeJobExecutionCommand({ thingName: "alpha", ...input }),
			both({ jobId: "a b" }, reset),
		],
		[
			"CancelJobExecution",
			(input) => new CancelJobExecutionCommand({ thingName: "alpha", jobId: "existing", ...input }),
			{
				...both({ statusDetails: { "a b": "c" } }, reset),
				InvalidStateTransitionException: { jobId: "ended" },
				VersionConflictException: { expectedVersion: 77 },
			},
		],
		[
			"DeleteJobExecution",
			(input) => new DeleteJobExecutionCommand({ thingName: "alpha", jobId: "existing", executionNumber: 1, ...input }),
			{ ...both({ jobId: "a b" }, reset), InvalidStateTransitionException: {} },
		],
	];

	function both(invalid: object, unknown: object) {
		return { InvalidRequestException: invalid, ResourceNotFoundException: unknown };
	}

	before(async () => {
		await send(new CreateJobCommand({ ...good, jobId: "existing" }));
		await send(new CreateJobCommand({ ...good, jobId: "continuous", targetSelection: "CONTINUOUS" }));
		await send(new CreateJobCommand({ ...good, jobId: "ended" }));
		await send(new CancelJobCommand({ jobId: "ended" }));
		for (let i = 0; i < 101; i += 1) await send(new CreateThingCommand({ thingName: `many-${i}` }));
	});

	for (const [operation, make, errors] of rows) {
		const faults = operation === "ListJobs" ? [] : ["ThrottlingException", "ServiceUnavailableException"];
		it(`${operation}: ${[...Object.keys(errors), ...faults].join(", ")}`, async () => {
			for (const [name, input] of Object.entries(errors)) await refused(make(input), name);
			const named = (name: string) =>
				operation === "ListJobExecutionsForThing" ? { thingName: name } : { jobId: name };
			if (operation === "ListJobs") return; // it names nothing that a fault could be aimed at: see below
			await refused(make(named("throttled")), "ThrottlingException");
			await refused(make(named("down")), "ServiceUnavailableException");
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
		"a parameter that is missing": { document: withParameter("missing") },
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
		"an action that is none": {
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
		"an end behaviour without an end": { schedulingConfig: { endBehavior: "CANCEL" } },
		"windows of a SNAPSHOT job": {
			schedulingConfig: { maintenanceWindows: [{ startTime: "cron(0 2 ? * * *)", durationInMinutes: 60 }] },
		},
		"a window that is no cron expression": {
			targetSelection: "CONTINUOUS",
			schedulingConfig: { maintenanceWindows: [{ startTime: "at night", durationInMinutes: 60 }] },
		},
		"a template that is not there": { document: undefined, jobTemplateArn: `${account}:jobtemplate/nothing` },
		"a tag of AWS's own": { tags: [{ Key: "aws:x", Value: "y" }] },
	})) {
		it(`CreateJob with ${what} is an InvalidRequestException, and creates nothing`, async () => {
			await refused(new CreateJobCommand({ ...good, ...(change as object) }), "InvalidRequestException");
			await refused(new DescribeJobCommand({ jobId: "good" }), "ResourceNotFoundException");
		});
	}

	it("the SDK's own paginators see every job and every execution once", async () => {
		for (let i = 0; i < 5; i += 1) await createJob();
		const seen: string[] = [];
		for await (const { jobs: page = [] } of paginateListJobs({ client, pageSize: 2 }, {})) {
			seen.push(...page.map(({ jobId }) => jobId ?? ""));
		}
		assert.equal(new Set(seen).size, seen.length);
		assert.ok(seen.length >= 8);
		await send(new CreateThingGroupCommand({ thingGroupName: "paged" }));
		for (let i = 0; i < 10; i += 1) {
			await send(new AddThingToThingGroupCommand({ thingGroupName: "paged", thingName: `many-${i}` }));
		}
		const jobId = await createJob({ targets: [`${account}:thinggroup/paged`] });
		const things: (string | undefined)[] = [];
		for await (const { executionSummaries = [] } of paginateListJobExecutionsForJob(
			{ client, pageSize: 3 },
			{ jobId },
		)) {
			things.push(...executionSummaries.map(({ thingArn }) => thingArn));
		}
		assert.equal(new Set(things).size, 10);
	});

	it("things and groups", async () => {
		const attributes = { floor: "3" };
		await send(new CreateThingCommand({ thingName: "one", attributePayload: { attributes } }));
		const thing = (await send(new DescribeThingCommand({ thingName: "one" }))) as Record<string, unknown>;
		assert.deepEqual([thing.thingName, thing.attributes, thing.version], ["one", attributes, 1]);
		await refused(new CreateThingCommand({ thingName: "one" }), "ResourceAlreadyExistsException");
		await send(new CreateThingGroupCommand({ thingGroupName: "building" }));
		await send(new CreateThingGroupCommand({ thingGroupName: "floor", parentGroupName: "building" }));
		await send(new AddThingToThingGroupCommand({ thingGroupName: "floor", thingName: "one" }));
		const group = (await send(new DescribeThingGroupCommand({ thingGroupName: "floor" }))) as {
			thingGroupMetadata: { parentGroupName: string; creationDate: Date };
		};
		assert.equal(group.thingGroupMetadata.parentGroupName, "building");
		assert.ok(group.thingGroupMetadata.creationDate instanceof Date);
		const inside = async (recursive: boolean) =>
			(
				(await send(new ListThingsInThingGroupCommand({ thingGroupName: "building", recursive }))) as {
					things: string[];
				}
			).things;
		assert.deepEqual([await inside(false), await inside(true)], [[], ["one"]]);
		const groups = (await send(new ListThingGroupsForThingCommand({ thingName: "one" }))) as { thingGroups: object[] };
		assert.deepEqual(groups.thingGroups, [{ groupName: "floor", groupArn: `${account}:thinggroup/floor` }]);
		const all = (await send(new ListThingGroupsCommand({ parentGroup: "building" }))) as { thingGroups: object[] };
		assert.equal(all.thingGroups.length, 1);
		const things = (await send(new ListThingsCommand({ attributeName: "floor", attributeValue: "3" }))) as {
			things: { thingName: string }[];
		};
		assert.deepEqual(
			things.things.map(({ thingName }) => thingName),
			["one"],
		);
		await refused(new DeleteThingGroupCommand({ thingGroupName: "building" }), "InvalidRequestException");
		await send(new RemoveThingFromThingGroupCommand({ thingGroupName: "floor", thingName: "one" }));
		await send(new DeleteThingGroupCommand({ thingGroupName: "floor" }));
		await send(new DeleteThingGroupCommand({ thingGroupName: "building" }));
		await send(new DeleteThingCommand({ thingName: "one" }));
		await refused(new DescribeThingCommand({ thingName: "one" }), "ResourceNotFoundException");
		await refused(new DescribeThingGroupCommand({ thingGroupName: "floor" }), "ResourceNotFoundException");
	});

	it("certificates, policies, endpoints, events, tags", async () => {
		const {
			certificateArn = "",
			certificatePem,
			keyPair,
		} = await client.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
		assert.match(certificatePem ?? "", /BEGIN CERTIFICATE/);
		assert.match(keyPair?.PrivateKey ?? "", /BEGIN PRIVATE KEY/);
		await send(new AttachThingPrincipalCommand({ thingName: "many-1", principal: certificateArn }));
		const { principals } = await client.send(new ListThingPrincipalsCommand({ thingName: "many-1" }));
		assert.deepEqual(principals, [certificateArn]);
		const policyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [] });
		await send(new CreatePolicyCommand({ policyName: "nothing", policyDocument }));
		await refused(new CreatePolicyCommand({ policyName: "bad", policyDocument: "{" }), "MalformedPolicyException");
		await send(new AttachPolicyCommand({ policyName: "nothing", target: certificateArn }));
		for (const endpointType of ["iot:Data-ATS", "iot:Jobs", "iot:CredentialProvider"]) {
			const { endpointAddress } = await client.send(new DescribeEndpointCommand({ endpointType }));
			assert.match(endpointAddress ?? "", /^127\.0\.0\.1:\d+$/);
		}
		await send(new UpdateEventConfigurationsCommand({ eventConfigurations: { JOB: { Enabled: true } } }));
		const { eventConfigurations } = await client.send(new DescribeEventConfigurationsCommand({}));
		assert.equal(eventConfigurations?.JOB?.Enabled, true);
		const resourceArn = `${account}:job/existing`;
		await send(
			new TagResourceCommand({
				resourceArn,
				tags: [
					{ Key: "a", Value: "1" },
					{ Key: "b", Value: "2" },
				],
			}),
		);
		await send(new UntagResourceCommand({ resourceArn, tagKeys: ["a"] }));
		const { tags } = await client.send(new ListTagsForResourceCommand({ resourceArn }));
		assert.deepEqual(tags, [{ Key: "b", Value: "2" }]);
		await refused(
			new ListTagsForResourceCommand({ resourceArn: `${account}:job/nothing` }),
			"ResourceNotFoundException",
		);
	});

	it("templates, the operator's own and AWS's managed ones", async () => {
		const config = { timeoutConfig: { inProgressTimeoutInMinutes: 7 } };
		await send(new CreateJobTemplateCommand({ jobTemplateId: "own", description: "waits", document, ...config }));
		await refused(
			new CreateJobTemplateCommand({ jobTemplateId: "own", description: "x", document }),
			"ConflictException",
		);
		const own = await client.send(new DescribeJobTemplateCommand({ jobTemplateId: "own" }));
		assert.deepEqual([own.document, own.timeoutConfig, own.description], [document, config.timeoutConfig, "waits"]);
		const { jobTemplates } = await client.send(new ListJobTemplatesCommand({}));
		assert.deepEqual(
			jobTemplates?.map(({ jobTemplateId }) => jobTemplateId),
			["own"],
		);
		const jobId = await createJob({ document: undefined, jobTemplateArn: own.jobTemplateArn });
		const { job } = await client.send(new DescribeJobCommand({ jobId }));
		assert.deepEqual([job?.timeoutConfig, job?.jobTemplateArn], [config.timeoutConfig, own.jobTemplateArn]);
		await send(new DeleteJobTemplateCommand({ jobTemplateId: "own" }));
		await refused(new DescribeJobTemplateCommand({ jobTemplateId: "own" }), "ResourceNotFoundException");
		const { managedJobTemplates } = await client.send(new ListManagedJobTemplatesCommand({}));
		const reboot = managedJobTemplates?.find(({ templateName }) => templateName === "AWS-Reboot");
		const managed = await client.send(new DescribeManagedJobTemplateCommand({ templateName: "AWS-Reboot" }));
		assert.match(managed.document ?? "", /reboot\.sh/);
		const rebootId = await createJob({ document: undefined, jobTemplateArn: reboot?.templateArn });
		const { document: rebootDocument = "" } = await client.send(new GetJobDocumentCommand({ jobId: rebootId }));
		assert.equal(JSON.parse(rebootDocument).steps[0].action.name, "Reboot");
		await refused(new DescribeManagedJobTemplateCommand({ templateName: "AWS-Nothing" }), "ResourceNotFoundException");
	});

	it("streams of what the emulator serves", async () => {
		const files = [{ fileId: 1, s3Location: { bucket: "b", key: "nothing.bin" } }];
		await refused(
			new CreateStreamCommand({ streamId: "s", files, roleArn: "arn:aws:iam::123456789012:role/S3" }),
			"InvalidRequestException",
		);
		emulator.putObject("image.bin", Buffer.alloc(1_000));
		const there = [{ fileId: 1, s3Location: { bucket: "b", key: "images/image.bin" } }];
		const input = { streamId: "s", files: there, roleArn: "arn:aws:iam::123456789012:role/S3" };
		const { streamVersion } = await client.send(new CreateStreamCommand(input));
		assert.equal(streamVersion, 1);
		await refused(new CreateStreamCommand(input), "ResourceAlreadyExistsException");
		await send(new UpdateStreamCommand({ streamId: "s", description: "an image" }));
		const { streamInfo } = await client.send(new DescribeStreamCommand({ streamId: "s" }));
		assert.deepEqual([streamInfo?.streamVersion, streamInfo?.description, streamInfo?.files], [2, "an image", there]);
		const { streams } = await client.send(new ListStreamsCommand({}));
		assert.deepEqual(
			streams?.map(({ streamId }) => streamId),
			["s"],
		);
		await send(new DeleteStreamCommand({ streamId: "s" }));
		await refused(new DescribeStreamCommand({ streamId: "s" }), "ResourceNotFoundException");
	});

	it("the document from an object that the emulator serves", async () => {
		emulator.putObject("document.json", Buffer.from(document));
		const documentSource = "https://s3.us-east-1.amazonaws.com/bucket/folder/document.json";
		const jobId = await createJob({ document: undefined, documentSource });
		assert.equal((await client.send(new GetJobDocumentCommand({ jobId }))).document, document);
	});
});
