import assert from "node:assert/strict";
import { readCredentials } from "../../device/credentials.js";
import { Pki } from "../../emulator/identity/pki.js";
import { keyDirectory, Lab, type TestDevice, turns } from "../kit/lab.js";
import { mainWith } from "../kit/main-with.js";
import { execution, ScriptedBroker, topics } from "../kit/scripted-broker.js";
import { WaitHandler } from "../kit/wait-handler.js";

describe("What comes from outside and is not right", () => {
	let bench: Lab;
	let broker: ScriptedBroker;
	let device: TestDevice;
	beforeEach(async () => {
		bench = new Lab();
		broker = await ScriptedBroker.start();
		device = await bench.deviceAt("127.0.0.1", broker.port, { credentials: await ScriptedBroker.credentials() });
	});
	afterEach(async () => {
		await bench.clear();
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
	for (const [what, topic, payload, said] of [
		["a topic of another thing", foreign, { clientToken: "q1", execution: execution() }, /no Jobs topic of this thing/],
		["a topic whose thing only begins alike", accepted.replace("alpha", "alphabet"), {}, /no Jobs topic of this thing/],
		["a topic that is no Jobs topic", "some/thing/else", {}, /no Jobs topic of this thing/],
		["a topic with a level too many", `${accepted}/accepted`, {}, /no Jobs topic of this thing/],
		["JSON that is cut off", accepted, '{"execution":{"jobId":"jo', /not a Jobs answer/],
		["JSON that is no object", accepted, "[1,2,3]", /not a Jobs answer/],
		["no JSON at all", accepted, "hello", /not a Jobs answer/],
		["bytes that are not UTF-8", accepted, Buffer.from([0xff, 0xfe, 0x7b]), /not UTF-8/],
		["JSON of a depth beyond sense", accepted, "[".repeat(2_000), /not a Jobs answer/],
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

	it("a message larger than the buffer is drained, the log says so, and the connection goes on", async () => {
		const clientToken = await asked();
		broker.send(topics.notifyNext, { timestamp: 1, padding: "x".repeat(100_000) });
		await device.said(/more than the buffer of 4096: drained/);
		await assertWell(clientToken);
	});

	it("a job whose document makes the message too large is REJECTED with documentTooLarge", async () => {
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

	it("a document that is too large when it is handed out again, with a longer URL say, ends the job FAILED", async () => {
		const handler = new WaitHandler();
		device = await bench.deviceAt("127.0.0.1", broker.port, {
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

	it("a message that is cut off with its connection is forgotten; the next connection starts afresh", async () => {
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

	it("a message with an empty payload deafens the SDK's client; the agent notices the silence and connects again", async () => {
		const clientToken = await asked();
		broker.send(topics.notifyNext, "");
		broker.send(accepted, { clientToken, execution: execution() });
		await turns();
		assert.ok(!device.lines.some((line) => line.includes("claimed")), "the client is wedged, as the SDK's is");
		bench.clock.advance(40_000); // three unanswered sends
		await device.said(/connection given up: no answer/);
		const request = await broker.next();
		assert.equal(request.topic, topics.startNext);
	});

	it("silence on an idle connection ends it within four keep-alives", async () => {
		const clientToken = await asked();
		broker.send(accepted, { clientToken });
		await device.said(/nothing is pending/);
		broker.acknowledge = false;
		bench.clock.advance(60_000 * 4);
		await device.said(/connection given up: nothing is heard any more/);
		assert.equal(device.aborts, 0);
	});

	it("bytes that are no MQTT end the connection, not the machine", async () => {
		await asked();
		broker.raw(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
		await device.said(/connection given up/);
		assert.equal((await broker.next()).topic, topics.startNext);
		assert.equal(device.aborts, 0);
	});

	it("a server of another CA is refused, logged and backed off from; the machine does not abort", async () => {
		const stranger = await Pki.open(`${keyDirectory}-stranger`);
		const pair = await stranger.server([]);
		const impostor = await ScriptedBroker.start({ cert: pair.certificate, key: pair.privateKey });
		const other = await bench.deviceAt("127.0.0.1", impostor.port, {
			credentials: await ScriptedBroker.credentials(),
		});
		other.powerOn();
		await other.said(/connection given up: Error: self-signed certificate in certificate chain/);
		await other.said(/connecting again in/);
		assert.equal(other.aborts, 0);
		other.cutPower();
		await impostor.close();
	});

	it("a device with a certificate of another CA is turned away, logs it and backs off; its machine does not abort", async () => {
		const emulator = await bench.emulator();
		const stranger = await (await Pki.open(`${keyDirectory}-stranger`)).thing("alpha");
		const credentials = readCredentials({ ca: emulator.addresses.ca, ...stranger.files });
		const log: string[] = [];
		emulator.broker.on("log", (line) => log.push(line));
		const other = await bench.device(emulator, { credentials });
		other.powerOn();
		await other.said(/connecting again in/);
		assert.match(log.join("\n"), /TLS with .* failed/);
		assert.equal(other.aborts, 0);
		other.cutPower();
	});

	it("a server whose certificate is good for another name is refused, and the machine does not abort", async () => {
		// Of the right CA, and for localhost and 127.0.0.1: but that is not where the device connects to.
		const host = "127.0.0.2";
		const elsewhere = await ScriptedBroker.start({ host });
		const other = await bench.deviceAt(host, elsewhere.port, { credentials: await ScriptedBroker.credentials() });
		other.powerOn();
		await other.said(/connection given up: .*127\.0\.0\.2 is not in the cert's list/);
		assert.equal(other.aborts, 0);
		other.cutPower();
		await elsewhere.close();
	});
});
