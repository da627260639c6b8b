import assert from "node:assert/strict";
import { Lab, type TestDevice, turns } from "../kit/lab.js";
import { mainWith } from "../kit/main-with.js";
import { execution, ScriptedBroker, topics, waitingJob } from "../kit/scripted-broker.js";
import { WaitHandler } from "../kit/wait-handler.js";
import { waitingDeviceAt } from "../kit/waiting-device.js";

describe("Inbound messages that are malformed or too large", () => {
	let lab: Lab;
	let broker: ScriptedBroker;
	let device: TestDevice;
	beforeEach(async () => {
		lab = new Lab();
		broker = await ScriptedBroker.start();
		device = await lab.deviceAt("127.0.0.1", broker.port, { credentials: await ScriptedBroker.credentials() });
	});
	afterEach(async () => {
		await lab.clear();
		await broker.close();
	});

	/** A device that has asked for its next job and waits for the answer. */
	async function asked(): Promise<string> {
		device.powerOn();
		return (await broker.next()).payload.clientToken as string;
	}

	/** The device is well: it takes a good answer, and no machine ended meanwhile. */
	async function assertWell(clientToken: string): Promise<void> {
		assert.equal(device.storageWrites, 0, "nothing was acted upon");
		broker.send(`${topics.startNext}/accepted`, { clientToken, execution: execution() });
		await device.said(/claimed job/);
		assert.equal(device.aborts, 0);
	}

	const accepted = `${topics.startNext}/accepted`;
	const foreign = accepted.replace("alpha", "beta");
	for (const [what, none] of [
		["an empty object", {}],
		["null", null],
	] as const) {
		it(`an execution that is ${what}: nothing is pending`, async () => {
			broker.send(accepted, { clientToken: await asked(), execution: none });
			await device.said(/nothing is pending/);
			broker.send(topics.notifyNext, { timestamp: 1, execution: execution() });
			broker.accept(await broker.next(), { execution: execution() });
			await device.said(/claimed job/);
			broker.send(topics.notifyNext, { timestamp: 1, execution: none });
			assert.match((await broker.next()).topic, /\/(get|update)$/);
		});
	}

	it("version 0, as AWS's pages show it, is a version", async () => {
		const first = execution({ versionNumber: 0, jobDocument: { operation: "dance" } });
		broker.send(accepted, { clientToken: await asked(), execution: first });
		assert.equal((await broker.next()).payload.expectedVersion, 0);
	});

	for (const [what, topic, payload, said] of [
		["a topic of another thing", foreign, { clientToken: "q1", execution: execution() }, /no Jobs topic of this thing/],
		["a topic whose thing only begins alike", accepted.replace("alpha", "alphabet"), {}, /no Jobs topic of this thing/],
		["a topic that is no Jobs topic", "some/thing/else", {}, /no Jobs topic of this thing/],
		["a topic with a level too many", `${accepted}/accepted`, {}, /answers nothing/],
		["JSON that is cut off", accepted, '{"execution":{"jobId":"jo', /not a Jobs answer/],
		["JSON that is no object", accepted, "[1,2,3]", /not a Jobs answer/],
		["no JSON at all", accepted, "hello", /not a Jobs answer/],
		["bytes that are not UTF-8", accepted, Buffer.from([0xff, 0xfe, 0x7b]), /not UTF-8/],
		["JSON that is nested and not closed", accepted, "[".repeat(20), /not a Jobs answer/],
		[
			"an answer with another client token",
			accepted,
			{ clientToken: "q999", execution: execution() },
			/another client token/,
		],
		["an answer without a client token", accepted, { execution: execution() }, /another client token/],
		["an answer to what was not asked", `${topics.update()}/accepted`, { clientToken: "q1" }, /answers nothing/],
		[
			"a job id that would change the topic",
			accepted,
			{ clientToken: "q1", execution: execution({ jobId: "a/../b" }) },
			/not a Jobs answer/,
		],
		[
			"a job id of 65 characters",
			accepted,
			{ clientToken: "q1", execution: execution({ jobId: "j".repeat(65) }) },
			/not a Jobs answer/,
		],
		[
			"a version that is a string",
			accepted,
			{ clientToken: "q1", execution: execution({ versionNumber: "2" }) },
			/not a Jobs answer/,
		],
		[
			"a version beyond exact numbers",
			accepted,
			{ clientToken: "q1", execution: execution({ versionNumber: 2 ** 53 }) },
			/not a Jobs answer/,
		],
		["an execution that is a list", accepted, { clientToken: "q1", execution: [] }, /not a Jobs answer/],
		["a notification that is not JSON", topics.notifyNext, "}{", /not a Jobs answer or notification/],
	] as const) {
		it(`${what}: ignored, and the log says why`, async () => {
			const clientToken = await asked();
			broker.send(topic, payload);
			await device.said(said);
			await assertWell(clientToken);
		});
	}

	it("a message larger than the buffer is drained, and the connection goes on", async () => {
		const clientToken = await asked();
		broker.send(topics.notifyNext, { timestamp: 1, padding: "x".repeat(100_000) });
		await device.said(/more than the buffer of 4096: drained/);
		await assertWell(clientToken);
	});

	it("a job with too large a document is REJECTED with documentTooLarge", async () => {
		const clientToken = await asked();
		const large = execution({ jobDocument: { operation: "reboot", padding: "x".repeat(30_000) } });
		broker.send(accepted, { clientToken, execution: large });
		const describe = await broker.next();
		assert.equal(describe.topic, topics.describe("$next"));
		assert.equal(describe.payload.includeJobDocument, false);
		const small = execution({ jobDocument: undefined });
		broker.send(`${describe.topic}/accepted`, { clientToken: describe.payload.clientToken, execution: small });
		const update = await broker.next();
		assert.equal(update.payload.status, "REJECTED");
		assert.deepEqual(update.payload.statusDetails, { reason: "documentTooLarge" });
	});

	it("a document that has become too large ends its running job FAILED", async () => {
		const handler = new WaitHandler();
		device = await lab.deviceAt("127.0.0.1", broker.port, {
			credentials: await ScriptedBroker.credentials(),
			program: () => () => mainWith([handler]),
		});
		const clientToken = await asked();
		broker.send(accepted, { clientToken, execution: execution({ jobDocument: { operation: "wait" } }) });
		await device.said(/job waits/);
		device.enter(() => handler.context?.refresh(() => handler.told.push("refreshed")));
		for (const jobDocument of [{ operation: "wait", padding: "x".repeat(10_000) }, undefined]) {
			const { topic, payload } = await broker.next();
			assert.equal(payload.includeJobDocument, jobDocument !== undefined);
			broker.send(`${topic}/accepted`, { clientToken: payload.clientToken, execution: execution({ jobDocument }) });
		}
		const { payload } = await broker.next();
		assert.deepEqual([payload.status, payload.statusDetails], ["FAILED", { reason: "documentTooLarge" }]);
		assert.deepEqual(handler.told, ["start job", "cancel"]);
	});

	it("a message that is cut off with its connection is forgotten", async () => {
		await asked();
		const whole = broker.packet(accepted, { clientToken: "q1", execution: execution() });
		broker.raw(whole.subarray(0, whole.byteLength - 40));
		await turns();
		broker.drop();
		const request = await broker.next();
		assert.equal(request.topic, topics.startNext);
		broker.send(`${request.topic}/accepted`, { clientToken: request.payload.clientToken, execution: execution() });
		await device.said(/claimed job/);
		assert.equal(device.aborts, 0);
	});

	it("an empty payload deafens the SDK's client: the agent connects again", async () => {
		const clientToken = await asked();
		broker.send(topics.notifyNext, "");
		broker.send(accepted, { clientToken, execution: execution() });
		await turns();
		assert.ok(!device.lines.some((line) => line.includes("claimed")), "the client is wedged, as the SDK's is");
		lab.clock.advance(40_000); // three unanswered sends
		await device.said(/connection given up: no answer/);
		const request = await broker.next();
		assert.equal(request.topic, topics.startNext);
	});

	it("bytes that are no MQTT end the connection, not the machine", async () => {
		await asked();
		broker.raw(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
		await device.said(/connection given up/);
		assert.equal((await broker.next()).topic, topics.startNext);
		assert.equal(device.aborts, 0);
	});
});

describe("Messages that come twice, late or too early", () => {
	let lab: Lab;
	let broker: ScriptedBroker;
	let handler: WaitHandler;
	let device: TestDevice;
	beforeEach(async () => {
		lab = new Lab();
		broker = await ScriptedBroker.start();
		handler = new WaitHandler();
		device = await waitingDeviceAt(lab, broker, handler);
	});
	afterEach(async () => {
		await lab.clear();
		await broker.close();
	});

	it("an answer that comes twice or late does nothing", async () => {
		device.enter(() => handler.context?.progress({ percent: "10" }));
		const first = await broker.next();
		const state = { executionState: { status: "IN_PROGRESS", versionNumber: 3 } };
		broker.accept(first, state);
		broker.accept(first, state);
		device.enter(() => handler.context?.succeed());
		const last = await broker.next();
		assert.equal(last.payload.expectedVersion, 3);
		broker.accept(first, { executionState: { status: "IN_PROGRESS", versionNumber: 9 } });
		await device.said(/ignored: .*client token/);
		broker.accept(last);
		await device.said(/job is over/);
	});

	it("a notification before its answer, or for the running job, does nothing", async () => {
		broker.send(topics.notifyNext, { timestamp: 1, execution: waitingJob });
		device.enter(() => handler.context?.succeed());
		const update = await broker.next();
		broker.send(topics.notifyNext, { timestamp: 2 });
		broker.accept(update, { executionState: { status: "SUCCEEDED", versionNumber: 3 } });
		await device.said(/job is over/);
		assert.deepEqual(handler.told, ["start job"]);
	});
});
