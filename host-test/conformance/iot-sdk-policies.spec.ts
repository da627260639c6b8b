import assert from "node:assert/strict";
import {
	AttachPolicyCommand,
	AttachPrincipalPolicyCommand,
	AttachThingPrincipalCommand,
	CreateKeysAndCertificateCommand,
	CreatePolicyCommand,
	CreatePolicyVersionCommand,
	CreateThingCommand,
	CreateThingGroupCommand,
	DeleteCertificateCommand,
	DeletePolicyCommand,
	DeletePolicyVersionCommand,
	DeleteThingCommand,
	DeleteThingGroupCommand,
	DescribeCertificateCommand,
	DescribeThingCommand,
	DescribeThingGroupCommand,
	DetachPolicyCommand,
	DetachPrincipalPolicyCommand,
	DetachThingPrincipalCommand,
	GetEffectivePoliciesCommand,
	GetPolicyCommand,
	GetPolicyVersionCommand,
	ListAttachedPoliciesCommand,
	ListPolicyPrincipalsCommand,
	ListPolicyVersionsCommand,
	ListPrincipalPoliciesCommand,
	ListTagsForResourceCommand,
	ListTargetsForPolicyCommand,
	ListThingPrincipalsCommand,
	SetDefaultPolicyVersionCommand,
	TagResourceCommand,
	UntagResourceCommand,
	UpdateCertificateCommand,
	UpdateThingCommand,
	UpdateThingGroupCommand,
} from "@aws-sdk/client-iot";
import { SdkSession } from "./iot-sdk.js";

const documentOf = (Action: string) =>
	JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }] });

/** What infrastructure tools do: create, read (without a difference), update, destroy. */
describe("@aws-sdk/client-iot: a life of policies, certificates, things and groups", () => {
	let sdk: SdkSession;
	before(async () => {
		sdk = await SdkSession.start();
	});
	after(() => sdk.end());

	it("a policy: created, read, updated by versions, destroyed", async () => {
		const policyName = "p";
		const tags = [{ Key: "team", Value: "blue" }];
		const made = await sdk.send(new CreatePolicyCommand({ policyName, policyDocument: documentOf("iot:*"), tags }));
		const read = async () => (await sdk.send(new GetPolicyCommand({ policyName }))) as Record<string, unknown>;
		const { policyDocument, defaultVersionId, creationDate } = await read();
		assert.deepEqual([policyDocument, defaultVersionId], [documentOf("iot:*"), "1"]);
		assert.ok(creationDate instanceof Date);
		const resourceArn = made.policyArn as string;
		assert.deepEqual((await sdk.send(new ListTagsForResourceCommand({ resourceArn }))).tags, tags);
		await sdk.send(new TagResourceCommand({ resourceArn, tags: [{ Key: "a", Value: "b" }] }));
		await sdk.send(new UntagResourceCommand({ resourceArn, tagKeys: ["team", "a"] }));
		const update = (Action: string) =>
			sdk.send(new CreatePolicyVersionCommand({ policyName, policyDocument: documentOf(Action), setAsDefault: true }));
		for (let i = 2; i <= 5; i += 1) assert.equal((await update(`iot:${i}`)).policyVersionId, String(i));
		await sdk.refused(
			new CreatePolicyVersionCommand({ policyName, policyDocument: documentOf("iot:6") }),
			"VersionsLimitExceededException",
		);
		await sdk.refused(new CreatePolicyVersionCommand({ policyName, policyDocument: "{" }), "MalformedPolicyException");
		await sdk.send(new DeletePolicyVersionCommand({ policyName, policyVersionId: "1" }));
		await update("iot:6");
		assert.equal((await read()).policyDocument, documentOf("iot:6"));
		const { policyVersions } = await sdk.send(new ListPolicyVersionsCommand({ policyName }));
		assert.equal(policyVersions.length, 5);
		assert.ok(policyVersions[0].createDate instanceof Date);
		await sdk.send(new SetDefaultPolicyVersionCommand({ policyName, policyVersionId: "2" }));
		const second = await sdk.send(new GetPolicyVersionCommand({ policyName, policyVersionId: "2" }));
		assert.deepEqual([second.policyDocument, second.isDefaultVersion], [documentOf("iot:2"), true]);
		await sdk.refused(new DeletePolicyCommand({ policyName }), "DeleteConflictException");
		await sdk.refused(new DeletePolicyVersionCommand({ policyName, policyVersionId: "2" }), "DeleteConflictException");
		for (const policyVersionId of ["3", "4", "5", "6"])
			await sdk.send(new DeletePolicyVersionCommand({ policyName, policyVersionId }));
		await sdk.send(new DeletePolicyCommand({ policyName }));
		await sdk.refused(new GetPolicyCommand({ policyName }), "ResourceNotFoundException");
	});

	it("a thing in a group with a certificate and policies: attached, read, destroyed", async () => {
		const attributes = { room: "hall" };
		await sdk.send(new CreateThingCommand({ thingName: "t", attributePayload: { attributes } }));
		assert.deepEqual((await sdk.send(new DescribeThingCommand({ thingName: "t" }))).attributes, attributes);
		await sdk.send(new UpdateThingCommand({ thingName: "t", attributePayload: { attributes: { room: "cellar" } } }));
		const { thingGroupArn } = await sdk.send(new CreateThingGroupCommand({ thingGroupName: "g" }));
		await sdk.send(
			new UpdateThingGroupCommand({ thingGroupName: "g", thingGroupProperties: { thingGroupDescription: "all" } }),
		);
		assert.equal((await sdk.send(new DescribeThingGroupCommand({ thingGroupName: "g" }))).version, 2);
		const made = await sdk.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
		const { certificateArn, certificateId } = made as { certificateArn: string; certificateId: string };
		const described = await sdk.send(new DescribeCertificateCommand({ certificateId }));
		const { status, validity } = described.certificateDescription;
		assert.equal(status, "ACTIVE");
		assert.ok(validity.notAfter > validity.notBefore);
		for (const policyName of ["one", "two"])
			await sdk.send(new CreatePolicyCommand({ policyName, policyDocument: documentOf("iot:*") }));
		await sdk.send(new AttachThingPrincipalCommand({ thingName: "t", principal: certificateArn }));
		await sdk.send(new AttachPolicyCommand({ policyName: "one", target: certificateArn }));
		await sdk.send(new AttachPrincipalPolicyCommand({ policyName: "two", principal: certificateArn }));
		await sdk.send(new AttachPolicyCommand({ policyName: "two", target: thingGroupArn }));
		const names = (policies: { policyName: string }[]) => policies.map(({ policyName }) => policyName);
		const listed = await sdk.send(new ListAttachedPoliciesCommand({ target: certificateArn }));
		assert.deepEqual(names(listed.policies), ["one", "two"]);
		const ofPrincipal = await sdk.send(new ListPrincipalPoliciesCommand({ principal: certificateArn }));
		assert.deepEqual(names(ofPrincipal.policies), ["one", "two"]);
		const { targets } = await sdk.send(new ListTargetsForPolicyCommand({ policyName: "two" }));
		assert.deepEqual(targets, [certificateArn, thingGroupArn]);
		const { principals } = await sdk.send(new ListPolicyPrincipalsCommand({ policyName: "two" }));
		assert.deepEqual(principals, [certificateArn]);
		const { effectivePolicies } = await sdk.send(new GetEffectivePoliciesCommand({ thingName: "t" }));
		assert.deepEqual(names(effectivePolicies), ["one", "two"]);
		await sdk.refused(new DeleteThingCommand({ thingName: "t" }), "InvalidRequestException");
		await sdk.refused(new DeleteCertificateCommand({ certificateId }), "CertificateStateException");
		await sdk.send(new DetachPolicyCommand({ policyName: "one", target: certificateArn }));
		await sdk.send(new DetachPrincipalPolicyCommand({ policyName: "two", principal: certificateArn }));
		await sdk.send(new DetachPolicyCommand({ policyName: "two", target: thingGroupArn }));
		await sdk.send(new DetachThingPrincipalCommand({ thingName: "t", principal: certificateArn }));
		assert.deepEqual((await sdk.send(new ListThingPrincipalsCommand({ thingName: "t" }))).principals, []);
		await sdk.send(new UpdateCertificateCommand({ certificateId, newStatus: "INACTIVE" }));
		await sdk.send(new DeleteCertificateCommand({ certificateId }));
		for (const policyName of ["one", "two"]) await sdk.send(new DeletePolicyCommand({ policyName }));
		await sdk.send(new DeleteThingGroupCommand({ thingGroupName: "g" }));
		await sdk.send(new DeleteThingCommand({ thingName: "t" }));
	});
});
