import assert from "node:assert/strict";
import {
	AddThingToThingGroupCommand,
	AttachPolicyCommand,
	AttachThingPrincipalCommand,
	CreateJobCommand,
	CreateKeysAndCertificateCommand,
	CreatePolicyCommand,
	CreateStreamCommand,
	CreateThingCommand,
	CreateThingGroupCommand,
	DeleteStreamCommand,
	DeleteThingCommand,
	DeleteThingGroupCommand,
	DescribeEndpointCommand,
	DescribeEventConfigurationsCommand,
	DescribeStreamCommand,
	DescribeThingCommand,
	DescribeThingGroupCommand,
	ListStreamsCommand,
	ListTagsForResourceCommand,
	ListThingGroupsCommand,
	ListThingGroupsForThingCommand,
	ListThingPrincipalsCommand,
	ListThingsCommand,
	ListThingsInThingGroupCommand,
	RemoveThingFromThingGroupCommand,
	TagResourceCommand,
	UntagResourceCommand,
	UpdateEventConfigurationsCommand,
	UpdateStreamCommand,
} from "@aws-sdk/client-iot";
import { ACCOUNT, ALPHA, document, SdkSession } from "./iot-sdk.js";

describe("@aws-sdk/client-iot: the registry", () => {
	let sdk: SdkSession;
	before(async () => {
		sdk = await SdkSession.start();
		for (let i = 0; i < 2; i += 1) await sdk.send(new CreateThingCommand({ thingName: `many-${i}` }));
		await sdk.send(new CreateJobCommand({ jobId: "existing", targets: [ALPHA], document }));
	});
	after(() => sdk.end());

	it("things and groups are created, nested, listed and deleted", async () => {
		const attributes = { floor: "3" };
		await sdk.send(new CreateThingCommand({ thingName: "one", attributePayload: { attributes } }));
		const thing = (await sdk.send(new DescribeThingCommand({ thingName: "one" }))) as Record<string, unknown>;
		assert.deepEqual([thing.thingName, thing.attributes, thing.version], ["one", attributes, 1]);
		await sdk.refused(new CreateThingCommand({ thingName: "one" }), "ResourceAlreadyExistsException");
		await sdk.send(new CreateThingGroupCommand({ thingGroupName: "building" }));
		await sdk.send(new CreateThingGroupCommand({ thingGroupName: "floor", parentGroupName: "building" }));
		await sdk.send(new AddThingToThingGroupCommand({ thingGroupName: "floor", thingName: "one" }));
		const group = (await sdk.send(new DescribeThingGroupCommand({ thingGroupName: "floor" }))) as {
			thingGroupMetadata: { parentGroupName: string; creationDate: Date };
		};
		assert.equal(group.thingGroupMetadata.parentGroupName, "building");
		assert.ok(group.thingGroupMetadata.creationDate instanceof Date);
		const inside = async (recursive: boolean) =>
			(
				(await sdk.send(new ListThingsInThingGroupCommand({ thingGroupName: "building", recursive }))) as {
					things: string[];
				}
			).things;
		assert.deepEqual([await inside(false), await inside(true)], [[], ["one"]]);
		const groups = (await sdk.send(new ListThingGroupsForThingCommand({ thingName: "one" }))) as {
			thingGroups: object[];
		};
		assert.deepEqual(groups.thingGroups, [{ groupName: "floor", groupArn: `${ACCOUNT}:thinggroup/floor` }]);
		const all = (await sdk.send(new ListThingGroupsCommand({ parentGroup: "building" }))) as { thingGroups: object[] };
		assert.equal(all.thingGroups.length, 1);
		const things = (await sdk.send(new ListThingsCommand({ attributeName: "floor", attributeValue: "3" }))) as {
			things: { thingName: string }[];
		};
		assert.deepEqual(
			things.things.map(({ thingName }) => thingName),
			["one"],
		);
		await sdk.refused(new DeleteThingGroupCommand({ thingGroupName: "building" }), "InvalidRequestException");
		await sdk.send(new RemoveThingFromThingGroupCommand({ thingGroupName: "floor", thingName: "one" }));
		await sdk.send(new DeleteThingGroupCommand({ thingGroupName: "floor" }));
		await sdk.send(new DeleteThingGroupCommand({ thingGroupName: "building" }));
		await sdk.send(new DeleteThingCommand({ thingName: "one" }));
		await sdk.refused(new DescribeThingCommand({ thingName: "one" }), "ResourceNotFoundException");
		await sdk.refused(new DescribeThingGroupCommand({ thingGroupName: "floor" }), "ResourceNotFoundException");
	});

	it("certificates, policies, endpoints, events and tags are managed", async () => {
		const {
			certificateArn = "",
			certificatePem,
			keyPair,
		} = await sdk.client.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
		assert.match(certificatePem ?? "", /BEGIN CERTIFICATE/);
		assert.match(keyPair?.PrivateKey ?? "", /BEGIN PRIVATE KEY/);
		await sdk.send(new AttachThingPrincipalCommand({ thingName: "many-1", principal: certificateArn }));
		const { principals } = await sdk.client.send(new ListThingPrincipalsCommand({ thingName: "many-1" }));
		assert.deepEqual(principals, [certificateArn]);
		const policyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [] });
		await sdk.send(new CreatePolicyCommand({ policyName: "nothing", policyDocument }));
		await sdk.refused(new CreatePolicyCommand({ policyName: "bad", policyDocument: "{" }), "MalformedPolicyException");
		await sdk.send(new AttachPolicyCommand({ policyName: "nothing", target: certificateArn }));
		for (const endpointType of ["iot:Data-ATS", "iot:Jobs", "iot:CredentialProvider"]) {
			const { endpointAddress } = await sdk.client.send(new DescribeEndpointCommand({ endpointType }));
			assert.match(endpointAddress ?? "", /^127\.0\.0\.1:\d+$/);
		}
		await sdk.send(new UpdateEventConfigurationsCommand({ eventConfigurations: { JOB: { Enabled: true } } }));
		const { eventConfigurations } = await sdk.client.send(new DescribeEventConfigurationsCommand({}));
		assert.equal(eventConfigurations?.JOB?.Enabled, true);
		const resourceArn = `${ACCOUNT}:job/existing`;
		await sdk.send(
			new TagResourceCommand({
				resourceArn,
				tags: [
					{ Key: "a", Value: "1" },
					{ Key: "b", Value: "2" },
				],
			}),
		);
		await sdk.send(new UntagResourceCommand({ resourceArn, tagKeys: ["a"] }));
		const { tags } = await sdk.client.send(new ListTagsForResourceCommand({ resourceArn }));
		assert.deepEqual(tags, [{ Key: "b", Value: "2" }]);
		await sdk.refused(
			new ListTagsForResourceCommand({ resourceArn: `${ACCOUNT}:job/nothing` }),
			"ResourceNotFoundException",
		);
	});

	it("streams are made of files that the emulator serves, and of no others", async () => {
		const files = [{ fileId: 1, s3Location: { bucket: "b", key: "nothing.bin" } }];
		await sdk.refused(
			new CreateStreamCommand({ streamId: "s", files, roleArn: "arn:aws:iam::123456789012:role/S3" }),
			"InvalidRequestException",
		);
		sdk.emulator.putObject("image.bin", Buffer.alloc(1_000));
		const there = [{ fileId: 1, s3Location: { bucket: "b", key: "images/image.bin" } }];
		const input = { streamId: "s", files: there, roleArn: "arn:aws:iam::123456789012:role/S3" };
		const { streamVersion } = await sdk.client.send(new CreateStreamCommand(input));
		assert.equal(streamVersion, 1);
		await sdk.refused(new CreateStreamCommand(input), "ResourceAlreadyExistsException");
		await sdk.send(new UpdateStreamCommand({ streamId: "s", description: "an image" }));
		const { streamInfo } = await sdk.client.send(new DescribeStreamCommand({ streamId: "s" }));
		assert.deepEqual([streamInfo?.streamVersion, streamInfo?.description, streamInfo?.files], [2, "an image", there]);
		const { streams } = await sdk.client.send(new ListStreamsCommand({}));
		assert.deepEqual(
			streams?.map(({ streamId }) => streamId),
			["s"],
		);
		await sdk.send(new DeleteStreamCommand({ streamId: "s" }));
		await sdk.refused(new DescribeStreamCommand({ streamId: "s" }), "ResourceNotFoundException");
	});
});
