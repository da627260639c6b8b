import assert from "node:assert/strict";
import type { Emulator } from "../../emulator/emulator.js";
import { DEVICE_POLICY, isAllowed, type Policy, readPolicy } from "../../emulator/identity/policy.js";
import { Lab } from "../kit/lab.js";
import { MqttJsClient } from "../kit/mqtt-js-client.js";

const alpha = { thingName: "alpha", clientId: "alpha" };
const JOBS = "$aws/things/alpha/jobs";

function policy(...statements: Policy["Statement"]): Policy {
	return { Version: "2012-10-17", Statement: statements };
}

function allow(action: string | string[], ...resources: string[]): Policy["Statement"][number] {
	return {
		Effect: "Allow",
		Action: action,
		Resource: resources.map((resource) => `arn:aws:iot:eu-west-1:1:${resource}`),
	};
}

describe("An AWS IoT policy", () => {
	it("allows a device what its jobs need, and nothing else", () => {
		for (const [action, resource, allowed] of [
			["iot:Connect", "client/alpha", true],
			["iot:Publish", `topic/${JOBS}/start-next`, true],
			["iot:Publish", `topic/${JOBS}/job-1/update`, true],
			["iot:Subscribe", `topicfilter/${JOBS}/notify-next`, true],
			["iot:Subscribe", `topicfilter/${JOBS}/#`, true],
			["iot:Receive", `topic/${JOBS}/notify-next`, true],
			["iotjobsdata:UpdateJobExecution", "thing/alpha", true],
			["iotjobsdata:UpdateJobExecution", "thing/alpha2", false],
			["iot:Publish", "topic/$aws/things/alpha2/jobs/start-next", false],
			["iot:Publish", "topic/$aws/things/alpha/jobs", false],
			["iot:Publish", "topic/$aws/things/alpha/shadow/update", false],
			["iot:Subscribe", "topicfilter/$aws/things/+/jobs/notify-next", false],
			["iot:Subscribe", "topicfilter/#", false],
			["iot:RetainPublish", `topic/${JOBS}/start-next`, false],
		] as const) {
			assert.equal(isAllowed(DEVICE_POLICY, action, resource, alpha), allowed, `${action} ${resource}`);
		}
	});

	it("a Deny wins over an Allow, wherever it stands", () => {
		const both = policy(
			{ Effect: "Deny", Action: "iot:Publish", Resource: "arn:aws:iot:*:*:topic/secret/*" },
			{ Effect: "Allow", Action: "iot:*", Resource: "*" },
		);
		assert.equal(isAllowed(both, "iot:Publish", "topic/secret/a", alpha), false);
		assert.equal(isAllowed(both, "iot:Publish", "topic/open", alpha), true);
	});

	it("has * and ? as wildcards; MQTT's + and # are plain characters", () => {
		const p = policy(allow(["iot:Subscribe"], "topicfilter/a/+/b", "topicfilter/c?/d*", "topicfilter/x.y"));
		const ask = (filter: string) => isAllowed(p, "iot:Subscribe", `topicfilter/${filter}`, alpha);
		assert.deepEqual(["a/+/b", "c1/d", "c1/d/e/f", "x.y"].map(ask), [true, true, true, true]);
		assert.deepEqual(["a/q/b", "c/d", "c12/d", "xzy"].map(ask), [false, false, false, false]);
	});

	it("replaces client id and thing name; a * in them is no wildcard", () => {
		// biome-ignore lint/suspicious/noTemplateCurlyInString: AWS's variables
		const p = policy(allow("iot:Publish", "topic/${iot:ClientId}/${iot:Connection.Thing.ThingName}"));
		assert.ok(isAllowed(p, "iot:Publish", "topic/me/alpha", { thingName: "alpha", clientId: "me" }));
		assert.ok(!isAllowed(p, "iot:Publish", "topic/you/alpha", { thingName: "alpha", clientId: "me" }));
		for (const clientId of ["*", "??", "m*", "$&"]) {
			assert.ok(!isAllowed(p, "iot:Publish", "topic/me/alpha", { thingName: "alpha", clientId }), clientId);
			assert.ok(isAllowed(p, "iot:Publish", `topic/${clientId}/alpha`, { thingName: "alpha", clientId }), clientId);
		}
	});

	describe("with a condition", () => {
		const lamp = { thingName: "lamp", clientId: "lamp", attributes: { room: "hall 1", "a*": "x" } };
		const nobody = { thingName: undefined, clientId: "lamp" };
		const thing = (key: string) => `iot:Connection.Thing.${key}`;
		for (const [what, Condition, allowed] of [
			["IsAttached true", { Bool: { [thing("IsAttached")]: ["true"] } }, [true, false]],
			["IsAttached false", { Bool: { [thing("IsAttached")]: false } }, [false, true]],
			["an attribute", { StringEquals: { [thing("Attributes[room]")]: ["cellar", "hall 1"] } }, [true, false]],
			["an attribute like", { StringLike: { [thing("Attributes[room]")]: "hall*" } }, [true, false]],
			["no wildcard", { StringEquals: { [thing("Attributes[room]")]: "hall*" } }, [false, false]],
			["not an attribute", { StringNotEquals: { [thing("Attributes[room]")]: "hall 1" } }, [false, true]],
			["not like", { StringNotLike: { [thing("Attributes[room]")]: ["c*", "h*"] } }, [false, true]],
			["any case", { StringEqualsIgnoreCase: { [thing("ThingName")]: "LAMP" } }, [true, false]],
			["if it exists", { StringEqualsIfExists: { [thing("ThingName")]: "lamp" } }, [true, true]],
			["no type", { Null: { [thing("ThingTypeName")]: "true" } }, [true, true]],
			["a type", { StringEquals: { [thing("ThingTypeName")]: "bulb" } }, [false, false]],
			["any value", { "ForAnyValue:StringEquals": { [thing("ThingName")]: ["lamp"] } }, [true, false]],
			// biome-ignore lint/suspicious/noTemplateCurlyInString: AWS's variables
			["a variable", { StringEquals: { "iot:ClientId": "${iot:Connection.Thing.ThingName}" } }, [true, false]],
			["two", { Bool: { [thing("IsAttached")]: true }, StringLike: { "iot:ClientId": "m*" } }, [false, false]],
		] as const) {
			it(`${what}: of an attached thing, and of none`, () => {
				const statement = { Effect: "Allow", Action: "iot:Connect", Resource: "*", Condition };
				const read = readPolicy(JSON.stringify({ Version: "2012-10-17", Statement: statement }));
				const ask = (context: typeof lamp | typeof nobody) => isAllowed(read, "iot:Connect", "client/lamp", context);
				assert.deepEqual([ask(lamp), ask(nobody)], allowed);
			});
		}

		it("a Deny holds only where its condition does", () => {
			const both = policy(
				{ Effect: "Allow", Action: "iot:*", Resource: "*" },
				{
					...{ Effect: "Deny", Action: "iot:Connect", Resource: "*" },
					Condition: { Bool: { [thing("IsAttached")]: "false" } },
				},
			);
			assert.ok(isAllowed(both, "iot:Connect", "client/lamp", lamp));
			assert.ok(!isAllowed(both, "iot:Connect", "client/lamp", nobody));
		});
	});

	it("replaces a thing's attributes; where one is absent, nothing matches", () => {
		// biome-ignore lint/suspicious/noTemplateCurlyInString: AWS's variables
		const p = policy(allow("iot:Publish", "topic/${iot:Connection.Thing.Attributes[room]}/x"));
		const ask = (attributes?: Record<string, string>) =>
			isAllowed(p, "iot:Publish", "topic/hall/x", { thingName: "a", clientId: "a", attributes });
		assert.deepEqual([ask({ room: "hall" }), ask({ room: "*" }), ask({}), ask()], [true, false, false, false]);
	});

	it("takes the data plane's actions by either of their names", () => {
		const p = policy(allow("iot:DescribeJobExecution", "thing/alpha"));
		assert.ok(isAllowed(p, "iotjobsdata:DescribeJobExecution", "thing/alpha", alpha));
	});

	for (const [what, text, said] of [
		["cut off", "{", /not JSON/],
		["an empty object", "{}", /"Version" has to be/],
		["no statement", '{"Version": "2012-10-17"}', /"Statement" 1: has to be an object/],
		["an unknown effect", '{"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}', /"Effect"/],
		[
			"an action that is a number",
			'{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": 1}]}',
			/"Action"/,
		],
		[
			"a resource that is no ARN",
			'{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "topic/a"}]}',
			/no ARN/,
		],
		[
			"a condition",
			'{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iot:*", "Resource": "*", "Condition": {"DateLessThan": {}}}}',
			/the operator DateLessThan is not evaluated here/,
		],
	] as const) {
		it(`is refused with what is wrong: ${what}`, () => assert.throws(() => readPolicy(text), said));
	}
});

describe("A certificate with a policy of its own", () => {
	let lab: Lab;
	let emulator: Emulator;
	let log: string[];
	beforeEach(() => {
		lab = new Lab();
		log = [];
	});
	afterEach(() => lab.clear());

	async function emulate(...statements: Policy["Statement"]): Promise<void> {
		emulator = await lab.emulator({ things: ["alpha", "beta"], policies: { alpha: policy(...statements) } });
		emulator.broker.on("log", (line) => log.push(line));
	}

	const connect = allow("iot:Connect", "client/alpha");
	const publish = allow("iot:Publish", `topic/${JOBS}/*`);
	const subscribe = allow("iot:Subscribe", `topicfilter/${JOBS}/*`);
	const receive = allow("iot:Receive", `topic/${JOBS}/*`);

	it("without Connect is refused; the log names action and resource", async () => {
		await emulate(publish, subscribe, receive);
		await assert.rejects(MqttJsClient.connect(emulator));
		assert.match(
			log.join("\n"),
			/client alpha, action iot:Connect, resource client\/alpha: no statement of the policy/,
		);
	});

	it("without Publish: a request ends the connection", async () => {
		await emulate(connect, subscribe, receive);
		const client = await MqttJsClient.connect(emulator);
		client.publish(`${JOBS}/start-next`, {});
		await client.untilClosed();
		assert.match(log.join("\n"), /action iot:Publish, resource topic\/\$aws\/things\/alpha\/jobs\/start-next/);
	});

	it("without Subscribe: a subscription ends the connection", async () => {
		await emulate(connect, publish, receive);
		const client = await MqttJsClient.connect(emulator);
		client.client.subscribe(`${JOBS}/notify`);
		await client.untilClosed();
		assert.match(log.join("\n"), /action iot:Subscribe, resource topicfilter\/\$aws\/things\/alpha\/jobs\/notify/);
	});

	it("without Receive: answers are delivered, notifications are not", async () => {
		await emulate(connect, publish, subscribe);
		const client = await MqttJsClient.connect(emulator);
		await client.client.subscribeAsync(`${JOBS}/#`, { qos: 1 });
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: {} });
		assert.equal((await client.ask(`${JOBS}/get`, {})).topic, `${JOBS}/get/accepted`);
		assert.equal(client.heard.length, 1);
		assert.match(log.join("\n"), /action iot:Receive, resource topic\/\$aws\/things\/alpha\/jobs\/notify/);
		await client.end();
	});

	it("with everything allowed: reaches ordinary topics and other things' jobs", async () => {
		await emulate({ Effect: "Allow", Action: "iot:*", Resource: "*" });
		emulator.service.createJob({ jobId: "job", targets: ["beta"], document: {} });
		const client = await MqttJsClient.connect(emulator);
		client.publish("plain/topic", { kept: true }, 1, true);
		await client.ask(`${JOBS}/get`, {}); // by then it is kept
		await client.client.subscribeAsync("plain/#", { qos: 1 });
		assert.deepEqual((await client.next(1)).payload, { kept: true });
		const { topic, payload } = await client.ask("$aws/things/beta/jobs/start-next", {});
		assert.equal(topic, "$aws/things/beta/jobs/start-next/accepted");
		assert.equal((payload.execution as { jobId: string }).jobId, "job");
		const { payload: none } = await client.ask("$aws/things/nobody/jobs/get", {});
		assert.equal(none.code, "ResourceNotFound");
		client.publish("$aws/things/alpha/shadow/update", {});
		await client.untilClosed();
		assert.match(log.join("\n"), /shadow\/update: the topic is reserved, and nothing here serves it/);
	});
});
