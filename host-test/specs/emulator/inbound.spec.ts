import assert from "node:assert/strict";
import fc from "fast-check";
import { ended } from "../kit/executions.js";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { MqttJsClient } from "../kit/mqtt-js-client.js";

const JOBS = "$aws/things/alpha/jobs";
const DEEP = 20_000;

describe("Malformed requests of a device", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let client: MqttJsClient;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator({ things: ["alpha", "beta"] });
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "reboot" } });
		client = await MqttJsClient.connect(emulator);
	});
	afterEach(async () => {
		await client.end();
		await lab.clear();
	});

	/** Another device does its job as if nothing were. */
	async function otherDeviceWorks(): Promise<void> {
		const device = await lab.device(emulator, { thing: "beta" });
		emulator.service.createJob({ jobId: "other", targets: ["beta"], document: { operation: "reboot" } });
		device.powerOn();
		assert.equal((await ended(emulator, "other", "beta")).status, "SUCCEEDED");
	}

	const nested = (open: string, close: string) => open.repeat(DEEP) + close.repeat(DEEP);
	for (const [what, rest, payload, code] of [
		["invalid UTF-8", "job/update", Buffer.from('{"status":"FAILED","clientToken":"\xff"}', "latin1"), "InvalidJson"],
		["an UTF-8 surrogate", "get", Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), "InvalidJson"],
		["a byte order mark", "get", "\ufeff{}", "InvalidJson"],
		["NUL bytes", "get", "\0\0\0", "InvalidJson"],
		["JSON and something behind it", "get", "{}{}", "InvalidJson"],
		["a number", "get", "1", "InvalidJson"],
		["null", "get", "null", "InvalidJson"],
		["arrays, deep", "job/update", nested("[", "]"), "InvalidJson"],
		[
			"details, deep",
			"job/update",
			`{"status":"FAILED","statusDetails":${nested('{"a":', "}").replace(":}", ":1}")}}`,
			"InvalidRequest",
		],
		["a token that is deep", "get", `{"clientToken":${nested("[", "]")}}`, "InvalidRequest"],
		["a token that is a number", "get", '{"clientToken":1}', "InvalidRequest"],
		["a token of 65 bytes in 33 characters", "get", `{"clientToken":"${"é".repeat(33)}"}`, "InvalidRequest"],
		["a version beyond any number", "job/update", '{"status":"FAILED","expectedVersion":1e400}', "InvalidRequest"],
		[
			"a version as a long string",
			"job/update",
			`{"status":"FAILED","expectedVersion":"${"9".repeat(400)}"}`,
			"InvalidRequest",
		],
		["a version with a fraction", "job/update", '{"status":"FAILED","expectedVersion":1.5}', "InvalidRequest"],
		["a negative version", "job/update", '{"status":"FAILED","expectedVersion":-1}', "InvalidRequest"],
		["an execution number of 0", "job/get", '{"executionNumber":0}', "ResourceNotFound"],
		["a negative execution number", "job/get", '{"executionNumber":-1}', "InvalidRequest"],
		["a huge execution number", "job/get", '{"executionNumber":9007199254740993}', "ResourceNotFound"],
		["a status of another type", "job/update", '{"status":["FAILED"]}', "InvalidRequest"],
		["a status in small letters", "job/update", '{"status":"failed"}', "InvalidRequest"],
		["details that are a list", "job/update", '{"status":"FAILED","statusDetails":["a"]}', "InvalidRequest"],
		["details that are objects", "job/update", '{"status":"FAILED","statusDetails":{"a":{}}}', "InvalidRequest"],
		["an empty detail", "job/update", '{"status":"FAILED","statusDetails":{"a":""}}', "InvalidRequest"],
		[
			"a detail of 1,025 characters",
			"job/update",
			`{"status":"FAILED","statusDetails":{"a":"${"x".repeat(1_025)}"}}`,
			"InvalidRequest",
		],
		[
			"a detail's name of 129 characters",
			"job/update",
			`{"status":"FAILED","statusDetails":{"${"x".repeat(129)}":"a"}}`,
			"InvalidRequest",
		],
		["a step timer of 0 minutes", "start-next", '{"stepTimeoutInMinutes":0}', "InvalidRequest"],
		["a step timer as text", "start-next", '{"stepTimeoutInMinutes":"five"}', "InvalidRequest"],
		[
			"a prototype for details",
			"job/update",
			'{"status":"FAILED","statusDetails":{"__proto__":"x y\\u0007"}}',
			"InvalidRequest",
		],
		["a job id of 65 characters", `${"j".repeat(65)}/get`, "{}", "InvalidTopic"],
		["a job id with a dot", "job.1/get", "{}", "InvalidTopic"],
		["an update of $next", "$next/update", '{"status":"FAILED"}', "InvalidTopic"],
		["an unknown operation", "job/cancel", "{}", "InvalidTopic"],
		["a topic that is an answer", "start-next/accepted", "{}", "InvalidTopic"],
		["an empty part", "job//update", "{}", "InvalidTopic"],
		["a topic that ends with a slash", "get/", "{}", "InvalidTopic"],
	] as const) {
		it(`${what}: ${code}, nothing changes`, async () => {
			const { topic, payload: rejection } = await client.ask(`${JOBS}/${rest}`, payload);
			assert.equal(topic, `${JOBS}/${rest}/rejected`);
			assert.equal(rejection.code, code);
			assert.match(rejection.message as string, /\w/);
			assert.equal(emulator.service.execution("alpha", "job")?.versionNumber, 1);
			assert.equal((await client.ask(`${JOBS}/get`, {})).topic, `${JOBS}/get/accepted`);
		});
	}

	it("an unknown member is ignored, however deep", async () => {
		const { topic } = await client.ask(`${JOBS}/get`, `{"unknown":${nested("[", "]")}}`);
		assert.equal(topic, `${JOBS}/get/accepted`);
	});

	for (const [what, act] of [
		["129 KB", () => client.publish(`${JOBS}/get`, "x".repeat(129 * 1_024))],
		["a packet of an unknown type", () => client.client.stream.write(Buffer.from([0xf0, 0x00]))],
		["a second CONNECT", () => client.client.stream.write(Buffer.from("101000044d5154540402003c0004616c7061", "hex"))],
		[
			"a packet of excessive length",
			() => client.client.stream.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0xff])),
		],
		["a topic with a wildcard", () => client.client.stream.write(Buffer.from("3005000361232f", "hex"))],
	] as const) {
		it(`${what} ends the connection, and disturbs no other device`, async () => {
			act();
			await client.untilClosed();
			await otherDeviceWorks();
		});
	}

	it("arbitrary requests are answered once; a rejected one changes nothing", async function () {
		this.timeout(60_000);
		const rest = fc.constantFrom("get", "start-next", "job/get", "$next/get", "job/update", "x/y", "none/update");
		const member = fc.oneof(
			fc.jsonValue({ maxDepth: 2 }),
			fc.constantFrom("IN_PROGRESS", "FAILED", 1, 2, -1, null, { a: "b" }, "1"),
		);
		const names = [
			"status",
			"expectedVersion",
			"statusDetails",
			"clientToken",
			"executionNumber",
			"stepTimeoutInMinutes",
		];
		const request = fc.dictionary(fc.constantFrom(...names, "includeJobDocument", "x"), member);
		const payload = fc.oneof(
			{ weight: 3, arbitrary: request.map((value) => Buffer.from(JSON.stringify(value))) },
			fc.json().map((text) => Buffer.from(text)),
			fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
		);
		let answers = 0;
		await fc.assert(
			fc.asyncProperty(rest, payload, async (rest, bytes) => {
				const before = emulator.service.execution("alpha", "job")?.versionNumber ?? 0;
				const { topic } = await client.ask(`${JOBS}/${rest}`, bytes);
				answers += 1;
				assert.match(topic, /\/(accepted|rejected)$/);
				assert.ok(topic.startsWith(`${JOBS}/${rest}/`));
				const after = emulator.service.execution("alpha", "job")?.versionNumber ?? 0;
				if (topic.endsWith("/rejected")) assert.equal(after, before);
				assert.ok(after - before <= 1);
			}),
			{ numRuns: 1_500 },
		);
		assert.equal(client.heard.length, answers, "no request is answered twice");
		process.stdout.write(`      ${answers} requests\n`);
		await otherDeviceWorks();
	});
});
