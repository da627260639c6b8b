import assert from "node:assert/strict";
import {
	CreateJobCommand,
	CreateThingCommand,
	DescribeThingCommand,
	ListJobsCommand,
	ListTagsForResourceCommand,
} from "@aws-sdk/client-iot";
import { IoTJobsDataPlaneClient, StartNextPendingJobExecutionCommand } from "@aws-sdk/client-iot-jobs-data-plane";
import { ACCOUNT, ALPHA, document, KEY, SdkSession } from "./iot-sdk.js";

describe("@aws-sdk/client-iot: signatures", () => {
	let sdk: SdkSession;
	before(async () => {
		sdk = await SdkSession.start();
	});
	after(() => sdk.end());

	it("are taken when they are made with the key, and not otherwise", async () => {
		await sdk.send(new ListJobsCommand({}));
		for (const [credentials, name] of [
			[{ ...KEY, secretAccessKey: "another" }, "InvalidSignatureException"],
			[{ ...KEY, accessKeyId: "another" }, "UnrecognizedClientException"],
		] as const) {
			const stranger = sdk.makeClient(credentials);
			await assert.rejects(stranger.send(new ListJobsCommand({})), { name });
			await assert.rejects(stranger.send(new CreateJobCommand({ jobId: "x", targets: [ALPHA], document })), { name });
			stranger.destroy();
		}
		const unsigned = await fetch(`${sdk.emulator.addresses.control.url}/jobs`);
		assert.equal(unsigned.status, 403);
	});

	it("are taken for paths with a colon or a dollar sign, and an ARN in the query", async () => {
		const thingName = "hall:lamp_1-a";
		await sdk.send(new CreateThingCommand({ thingName }));
		assert.equal((await sdk.send(new DescribeThingCommand({ thingName }))).thingName, thingName);
		await sdk.send(new CreateJobCommand({ jobId: "colon", targets: [`${ACCOUNT}:thing/${thingName}`], document }));
		assert.deepEqual(
			(await sdk.send(new ListTagsForResourceCommand({ resourceArn: `${ACCOUNT}:job/colon` }))).tags,
			[],
		);
		const { url: endpoint } = sdk.emulator.addresses.control;
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
});
