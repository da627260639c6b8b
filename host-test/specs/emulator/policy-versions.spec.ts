import assert from "node:assert/strict";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { MqttJsClient } from "../kit/mqtt-js-client.js";
import { group, Operator } from "../kit/operator.js";

const document = (Action: string, Condition?: object) =>
	JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*", Condition }] });
const policyArn = (name: string) => `arn:aws:iot:us-east-1:123456789012:policy/${name}`;

describe("Policies as operators manage them", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let operator: Operator;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator({ things: ["alpha"] });
		operator = new Operator(emulator);
		await operator.must("POST", "/policies/own", { policyDocument: document("iot:Connect") });
	});
	afterEach(() => lab.clear());

	const addVersion = (setAsDefault = false) =>
		operator.call("POST", `/policies/own/version?setAsDefault=${setAsDefault}`, { policyDocument: document("iot:*") });
	async function versions(): Promise<string[]> {
		const { policyVersions } = await operator.must("GET", "/policies/own/version");
		return (policyVersions as { versionId: string; isDefaultVersion: boolean }[]).map(
			({ versionId, isDefaultVersion }) => `${versionId}${isDefaultVersion ? " default" : ""}`,
		);
	}
	async function attached(target: string, query = ""): Promise<string[]> {
		const { policies } = await operator.must("POST", `/attached-policies/${encodeURIComponent(target)}${query}`);
		return (policies as { policyName: string }[]).map(({ policyName }) => policyName);
	}

	it("have at most five versions; a number is not used again", async () => {
		const second = await addVersion(true);
		assert.deepEqual([second.body.policyVersionId, second.body.isDefaultVersion], ["2", true]);
		for (let i = 3; i <= 5; i += 1) await addVersion();
		assert.deepEqual(await versions(), ["5", "4", "3", "2 default", "1"]);
		const { status, type, body } = await addVersion();
		assert.deepEqual([status, type], [409, "VersionsLimitExceededException"]);
		assert.equal(body.message, "The policy own already has the maximum number of versions (5)");
		await operator.must("DELETE", "/policies/own/version/5");
		assert.equal((await addVersion()).body.policyVersionId, "6");
		await operator.must("PATCH", "/policies/own/version/6");
		assert.deepEqual(await versions(), ["6 default", "4", "3", "2", "1"]);
		const { defaultVersionId, policyDocument } = await operator.must("GET", "/policies/own");
		assert.deepEqual([defaultVersionId, policyDocument], ["6", document("iot:*")]);
		const first = await operator.must("GET", "/policies/own/version/1");
		assert.deepEqual([first.policyDocument, first.isDefaultVersion], [document("iot:Connect"), false]);
		for (const [method, path] of [
			["GET", "/policies/own/version/5"],
			["PATCH", "/policies/own/version/7"],
			["DELETE", "/policies/none/version/1"],
			["GET", "/policies/none/version"],
		] as const)
			assert.equal((await operator.call(method, path)).status, 404, path);
		const bad = await operator.call("POST", "/policies/own/version", { policyDocument: "{" });
		assert.equal(bad.type, "MalformedPolicyException");
	});

	it("are deleted without targets and other versions, the default never by itself", async () => {
		const refused = async (path: string, message: RegExp) => {
			const { status, type, body } = await operator.call("DELETE", path);
			assert.deepEqual([status, type], [409, "DeleteConflictException"]);
			assert.match(String(body.message), message);
		};
		await addVersion();
		await refused("/policies/own/version/1", /Cannot delete the default version of a policy/);
		await refused("/policies/own", /versions other than than default version exist/);
		await operator.must("DELETE", "/policies/own/version/2");
		await operator.group("g", []);
		await operator.must("PUT", "/target-policies/own", { target: group("g") });
		await refused("/policies/own", /the policy is attached to one or more principals \(name=own\)/);
		await operator.must("DELETE", "/thing-groups/g");
		await operator.must("DELETE", "/policies/own");
	});

	it("the default version is in force at the next connection", async () => {
		const { certificatePem: cert, privateKey: key, certificateId } = await operator.newCertificate("alpha");
		const target = `arn:aws:iot:us-east-1:123456789012:cert/${certificateId}`;
		await operator.must("POST", "/target-policies/device", { target });
		await operator.must("PUT", "/target-policies/own", { target });
		const connect = () => MqttJsClient.connect(emulator, "alpha", "alpha", { cert, key });
		const refused = await connect();
		refused.publish("any/topic", {});
		await refused.untilClosed();
		await addVersion(true);
		const client = await connect();
		await client.client.publishAsync("any/topic", "{}", { qos: 1 });
		await client.end();
	});

	it("of a group hold for the things in it and below it", async () => {
		await operator.group("all", []);
		await operator.group("some", [], "all");
		await operator.must("POST", "/policies/every", { policyDocument: document("iot:*") });
		await operator.must("PUT", "/target-policies/every", { target: group("all") });
		await operator.must("PUT", "/target-policies/own", { target: group("some") });
		assert.deepEqual(await attached(group("some")), ["own"]);
		assert.deepEqual(await attached(group("some"), "?recursive=true"), ["own", "every"]);
		assert.deepEqual((await operator.must("POST", "/policy-targets/every")).targets, [group("all")]);
		const made = await operator.must("POST", "/keys-and-certificate?setAsActive=true");
		const {
			certificateArn,
			certificatePem: cert,
			keyPair,
		} = made as unknown as Record<string, string> & {
			keyPair: { PrivateKey: string };
		};
		const principal = { "x-amzn-principal": String(certificateArn) };
		await operator.must("PUT", "/things/alpha/principals", undefined, principal);
		const connect = () =>
			MqttJsClient.connect(emulator, "alpha", "alpha", { cert: String(cert), key: keyPair.PrivateKey });
		await assert.rejects(connect());
		await operator.join("some", "alpha");
		const client = await connect();
		await client.client.publishAsync("any/topic", "{}", { qos: 1 });
		await client.end();
		const { effectivePolicies } = await operator.must("POST", "/effective-policies?thingName=alpha", {});
		assert.deepEqual(
			(effectivePolicies as { policyName: string }[]).map(({ policyName }) => policyName),
			["own", "every"],
		);
		await operator.must("POST", "/target-policies/every", { target: group("all") });
		assert.deepEqual(await attached(group("some"), "?recursive=true"), ["own"]);
	});

	it("a condition on the thing's attributes decides who connects", async () => {
		const Condition = { StringEquals: { "iot:Connection.Thing.Attributes[room]": "hall" } };
		await operator.must("POST", "/policies/hall", { policyDocument: document("iot:*", Condition) });
		const { principals } = await operator.must("GET", "/things/alpha/principals");
		await operator.must("PUT", "/target-policies/hall", { target: (principals as string[])[0] });
		await assert.rejects(MqttJsClient.connect(emulator));
		await operator.must("PATCH", "/things/alpha", { attributePayload: { attributes: { room: "hall" } } });
		await (await MqttJsClient.connect(emulator)).end();
	});

	it("AttachPrincipalPolicy and its kin say the same as AttachPolicy", async () => {
		const { principals } = await operator.must("GET", "/things/alpha/principals");
		const [arn = ""] = principals as string[];
		const headers = { "x-amzn-iot-principal": arn };
		await operator.must("PUT", "/principal-policies/own", undefined, headers);
		assert.deepEqual(await attached(arn), ["own"]);
		const { policies } = await operator.must("GET", "/principal-policies", undefined, headers);
		assert.deepEqual(policies, [{ policyName: "own", policyArn: policyArn("own") }]);
		const asked = await operator.must("GET", "/policy-principals", undefined, { "x-amzn-iot-policy": "own" });
		assert.deepEqual(asked.principals, [arn]);
		await operator.must("DELETE", "/principal-policies/own", undefined, headers);
		assert.deepEqual(await attached(arn), []);
	});

	it("have tags, which go with them", async () => {
		const tags = [{ Key: "team", Value: "blue" }];
		await operator.must("POST", "/policies/tagged", { policyDocument: document("iot:*"), tags });
		const ask = () => operator.call("GET", `/tags?resourceArn=${policyArn("tagged")}`);
		assert.deepEqual((await ask()).body.tags, tags);
		await operator.must("POST", "/untag", { resourceArn: policyArn("tagged"), tagKeys: ["team"] });
		await operator.must("POST", "/tags", { resourceArn: policyArn("tagged"), tags });
		await operator.must("DELETE", "/policies/tagged");
		assert.equal((await ask()).status, 404);
		await operator.must("POST", "/policies/tagged", { policyDocument: document("iot:*") });
		assert.deepEqual((await ask()).body.tags, []);
	});

	it("are listed in pages of 25, the newest first, with a marker in base64", async () => {
		for (let i = 0; i < 30; i += 1) {
			emulator.clock.advance(1_000);
			await operator.must("POST", `/policies/p${i}`, { policyDocument: document("iot:*") });
		}
		const names = (policies: unknown) => (policies as { policyName: string }[]).map(({ policyName }) => policyName);
		const { policies, nextMarker } = await operator.must("GET", "/policies");
		assert.deepEqual([names(policies).length, names(policies)[0]], [25, "p29"]);
		assert.match(String(nextMarker), /^[A-Za-z0-9+/]+={0,2}$/);
		const rest = await operator.must("GET", `/policies?pageSize=250&marker=${encodeURIComponent(String(nextMarker))}`);
		assert.deepEqual(names(rest.policies), ["p4", "p3", "p2", "p1", "p0", "own"]);
		const ascending = await operator.must("GET", "/policies?isAscendingOrder=true&pageSize=1");
		assert.deepEqual(names(ascending.policies), ["own"]);
		assert.equal((await operator.call("GET", "/policies?pageSize=251")).type, "InvalidRequestException");
	});
});
