import assert from "node:assert/strict";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { MqttJsClient } from "../kit/mqtt-js-client.js";

const JOBS = "$aws/things/alpha/jobs";

/**
 * What devices in the field send: aws/Jobs-for-AWS-IoT-embedded-sdk as its header `jobs.h` and documentation define topics
 * and messages (`expectedVersion` is a string there), and what FreeRTOS/iot-reference-esp32 makes of them.
 */
describe("The embedded C Jobs library's own messages", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let client: MqttJsClient;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
		client = await MqttJsClient.connect(emulator);
		emulator.service.createJob({ jobId: "job-1", targets: ["alpha"], document: { operation: "reboot" } });
	});
	afterEach(async () => {
		await client.end();
		await lab.clear();
	});

	for (const [call, topic, message] of [
		["Jobs_GetPending with an empty message", "get", ""],
		["Jobs_GetPending with {}", "get", "{}"],
		["Jobs_StartNext with Jobs_StartNextMsg", "start-next", '{"clientToken":"test"}'],
		["Jobs_Describe with a job id", "job-1/get", ""],
		["Jobs_Describe with $next", "$next/get", '{"clientToken":"test"}'],
		["Jobs_UpdateMsg with a status", "job-1/update", '{"status":"IN_PROGRESS"}'],
		["Jobs_UpdateMsg with a version", "job-1/update", '{"status":"SUCCEEDED","expectedVersion":"1"}'],
		[
			"Jobs_UpdateMsg with details",
			"job-1/update",
			'{"status":"FAILED","expectedVersion":"1","statusDetails":{"key":"value"}}',
		],
	] as const) {
		it(`${call} is accepted`, async () => {
			assert.equal((await client.ask(`${JOBS}/${topic}`, message)).topic, `${JOBS}/${topic}/accepted`);
		});
	}

	it("Jobs_UpdateMsg with another version is rejected, as a number would be", async () => {
		const { payload } = await client.ask(`${JOBS}/job-1/update`, '{"status":"SUCCEEDED","expectedVersion":"7"}');
		assert.equal(payload.code, "VersionMismatch");
		assert.equal(payload.message, "Expected version 7 but found version 1");
	});

	it("the topics that it lists can be subscribed to one by one", async () => {
		for (const topic of [
			...["notify", "notify-next", "get/accepted", "get/rejected", "start-next/accepted", "start-next/rejected"],
			...["+/get/accepted", "+/get/rejected", "+/update/accepted", "+/update/rejected"],
		]) {
			await client.client.subscribeAsync(`${JOBS}/${topic}`, { qos: 1 });
		}
		assert.equal((await client.ask(`${JOBS}/get`, "{}")).topic, `${JOBS}/get/accepted`);
	});
});
