import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Emulator } from "../../emulator/emulator.js";
import { keyDirectory, Lab } from "../kit/lab.js";
import { MqttJsClient } from "../kit/mqtt-js-client.js";
import { Operator } from "../kit/operator.js";

const ALL = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "iot:*", Resource: "*" }] });

describe("Who may connect", () => {
	let lab: Lab;
	let emulator: Emulator;
	let operator: Operator;
	let directory: string;
	beforeEach(async () => {
		lab = new Lab();
		directory = mkdtempSync(join(tmpdir(), "iot-jobs-principals-"));
		if (existsSync(keyDirectory)) cpSync(keyDirectory, directory, { recursive: true });
		await start();
	});
	afterEach(async () => {
		await lab.clear();
		rmSync(directory, { recursive: true });
	});

	async function start(): Promise<void> {
		emulator = await lab.emulator({ directory, things: ["alpha"], persistent: true });
		operator = new Operator(emulator);
	}

	async function again(): Promise<void> {
		await lab.clear();
		lab = new Lab();
		await start();
	}

	/** The certificate of `--thing alpha`. */
	async function principal(): Promise<{ arn: string; id: string }> {
		const { principals } = await operator.must("GET", "/things/alpha/principals");
		const [arn = ""] = principals as string[];
		return { arn, id: arn.split("/")[1] ?? "" };
	}

	async function issue(setAsActive = true) {
		const { certificateArn, certificatePem, keyPair } = (await operator.must(
			"POST",
			`/keys-and-certificate?setAsActive=${setAsActive}`,
		)) as unknown as { certificateArn: string; certificatePem: string; keyPair: { PrivateKey: string } };
		const connect = (clientId: string) =>
			MqttJsClient.connect(emulator, "alpha", clientId, { cert: certificatePem, key: keyPair.PrivateKey });
		return { certificateArn, connect };
	}

	it("the certificate of --thing is one of the registry's", async () => {
		const { arn, id } = await principal();
		const { certificates } = await operator.must("GET", "/certificates");
		assert.deepEqual(
			(certificates as { certificateArn: string }[]).map(({ certificateArn }) => certificateArn),
			[arn],
		);
		const { certificateDescription } = await operator.must("GET", `/certificates/${id}`);
		assert.equal((certificateDescription as { status: string }).status, "ACTIVE");
		const { things } = await operator.must("GET", "/principals/things", undefined, { "x-amzn-principal": arn });
		assert.deepEqual(things, ["alpha"]);
	});

	for (const status of ["INACTIVE", "REVOKED"]) {
		it(`the certificate of --thing that is set ${status} is cut, and stays out`, async () => {
			const { id } = await principal();
			const client = await MqttJsClient.connect(emulator);
			await operator.must("PUT", `/certificates/${id}?newStatus=${status}`);
			await client.untilClosed();
			await assert.rejects(MqttJsClient.connect(emulator));
			await again();
			await assert.rejects(MqttJsClient.connect(emulator));
			await operator.must("PUT", `/certificates/${id}?newStatus=ACTIVE`);
			await (await MqttJsClient.connect(emulator)).end();
		});
	}

	it("the certificate of --thing that is detached or deleted stays so", async () => {
		const { arn, id } = await principal();
		const client = await MqttJsClient.connect(emulator);
		await operator.detach("alpha", arn);
		await client.untilClosed();
		await again();
		assert.deepEqual((await operator.must("GET", "/things/alpha/principals")).principals, []);
		const asked = await MqttJsClient.connect(emulator);
		asked.publish("$aws/things/alpha/jobs/get", {}); // with the policy of devices it speaks for no thing
		await asked.untilClosed();
		await operator.must("PUT", `/certificates/${id}?newStatus=INACTIVE`);
		await operator.must("DELETE", `/certificates/${id}`);
		await again();
		assert.deepEqual((await operator.must("GET", "/certificates")).certificates, []);
		await assert.rejects(MqttJsClient.connect(emulator));
	});

	it("a thing that was deleted is made again by --thing, with its certificate", async () => {
		const { arn } = await principal();
		await operator.deleteThing("alpha");
		await again();
		assert.equal((await principal()).arn, arn);
		await (await MqttJsClient.connect(emulator)).end();
	});

	it("a policy that is attached to the certificate of --thing is in force", async () => {
		const { arn: target } = await principal();
		await operator.must("POST", "/policies/all", { policyDocument: ALL });
		await operator.must("PUT", "/target-policies/all", { target });
		const client = await MqttJsClient.connect(emulator);
		await client.client.subscribeAsync("any/topic");
		await client.end();
	});

	it("an active certificate with a policy and no thing connects, one without does not", async () => {
		await operator.must("POST", "/policies/all", { policyDocument: ALL });
		const { certificateArn: target, connect } = await issue();
		await assert.rejects(connect("gateway"));
		await operator.must("PUT", "/things/alpha/principals", undefined, { "x-amzn-principal": target });
		await assert.rejects(connect("gateway"));
		await operator.detach("alpha", target);
		await operator.must("PUT", "/target-policies/all", { target });
		const client = await connect("gateway");
		await client.client.subscribeAsync("any/topic");
		await operator.must("POST", "/target-policies/all", { target }); // DetachPolicy
		await client.untilClosed();
		const inactive = await issue(false);
		await operator.must("PUT", "/target-policies/all", { target: inactive.certificateArn });
		await assert.rejects(inactive.connect("gateway"));
	});
});
