import assert from "node:assert/strict";
import { type Fault, Faults, readFault } from "../../emulator/faults/faults.js";

import { ended } from "../kit/executions.js";
import { ask } from "../kit/https-request.js";
import { retries } from "../kit/job-config.js";
import { Lab, pemOf, type TestEmulator, turns } from "../kit/lab.js";

import { MqttJsClient } from "../kit/mqtt-js-client.js";

const JOBS = "$aws/things/alpha/jobs";

describe("Faults on demand", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let log: string[];
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator({ things: ["alpha", "beta"] });
		log = [];
		emulator.broker.on("log", (line) => log.push(line));
	});
	afterEach(() => lab.clear());

	const queue = (jobId: string) =>
		emulator.service.createJob({ jobId, targets: ["alpha"], document: { operation: "x" } });
	const tokens = (client: MqttJsClient) => client.heard.map(({ payload }) => payload.clientToken);

	it("lose to the service: the request is acknowledged, and nothing happens", async () => {
		queue("job");
		const client = await MqttJsClient.connect(emulator);
		emulator.faults.add({ action: "lose", to: "service", topic: "*/start-next", times: 1 });
		await client.client.publishAsync(`${JOBS}/start-next`, "{}", { qos: 1 });
		assert.equal((await client.ask(`${JOBS}/get`, { clientToken: "next" })).payload.clientToken, "next");
		assert.equal(emulator.service.execution("alpha", "job")?.status, "QUEUED");
		assert.deepEqual(log, [`fault: lose, to service, ${JOBS}/start-next`]);
		await client.end();
	});

	it("lose to the device: the request is carried out, and its answer never comes", async () => {
		queue("job");
		const client = await MqttJsClient.connect(emulator);
		emulator.faults.add({ action: "lose", to: "device", topic: "*/start-next/accepted" });
		client.publish(`${JOBS}/start-next`, {});
		await client.ask(`${JOBS}/get`, { clientToken: "next" });
		assert.deepEqual(tokens(client), ["next"]);
		assert.equal(emulator.service.execution("alpha", "job")?.status, "IN_PROGRESS");
		await client.end();
	});

	it("delay: a message comes so much later, after those sent behind it", async () => {
		const client = await MqttJsClient.connect(emulator);
		emulator.faults.add({ action: "delay", to: "device", ms: 5_000, times: 1 });
		client.publish(`${JOBS}/get`, { clientToken: "late" });
		await client.ask(`${JOBS}/get`, { clientToken: "early" });
		emulator.clock.advance(4_999);
		await turns();
		assert.deepEqual(tokens(client), ["early"]);
		emulator.clock.advance(1);
		await client.next(1);
		assert.deepEqual(tokens(client), ["early", "late"]);
		await client.end();
	});

	it("duplicate: a request is carried out twice, an answer comes twice", async () => {
		queue("job");
		const client = await MqttJsClient.connect(emulator);
		await client.client.subscribeAsync(`${JOBS}/notify-next`, { qos: 1 });
		const undo = emulator.faults.add({ action: "duplicate", to: "service", topic: "*/update" });
		client.publish(`${JOBS}/job/update`, { status: "IN_PROGRESS" });
		await client.next(1);
		assert.equal(emulator.service.execution("alpha", "job")?.versionNumber, 3);
		undo();
		emulator.faults.add({ action: "duplicate", to: "device", topic: "*/notify-next" });
		client.publish(`${JOBS}/job/update`, { status: "FAILED" });
		await client.next(4);
		const topics = client.heard.map(({ topic }) => topic.replace(JOBS, ""));
		const accepted = "/job/update/accepted";
		assert.deepEqual(topics, [accepted, accepted, accepted, "/notify-next", "/notify-next"]);
		await client.end();
	});

	it("reorder: a message comes after the next one, or after its time", async () => {
		const client = await MqttJsClient.connect(emulator);
		emulator.faults.add({ action: "reorder", to: "device", times: 1 });
		client.publish(`${JOBS}/get`, { clientToken: "1" });
		client.publish(`${JOBS}/get`, { clientToken: "2" });
		await client.ask(`${JOBS}/get`, { clientToken: "3" });
		await client.next(2);
		assert.deepEqual(tokens(client), ["2", "1", "3"]);
		emulator.faults.add({ action: "reorder", to: "device", times: 1, ms: 2_000 });
		client.publish(`${JOBS}/get`, { clientToken: "alone" });
		await client.client.subscribeAsync(`${JOBS}/notify`); // the broker has come that far
		assert.equal(client.heard.length, 3);
		emulator.clock.advance(2_000);
		assert.equal((await client.next(3)).payload.clientToken, "alone");
		await client.end();
	});

	it("cut: the connection ends, and the message is lost", async () => {
		queue("job");
		const client = await MqttJsClient.connect(emulator);
		emulator.faults.add({ action: "cut", to: "service", topic: "*/start-next" });
		client.publish(`${JOBS}/start-next`, {});
		await client.untilClosed();
		assert.equal(emulator.service.execution("alpha", "job")?.status, "QUEUED");
	});

	for (const code of ["RequestThrottled", "InternalError", "VersionMismatch", "InvalidStateTransition"] as const) {
		it(`error: ${code} over MQTT and HTTPS, and nothing is done`, async () => {
			queue("job");
			const client = await MqttJsClient.connect(emulator);
			emulator.faults.add({ action: "error", topic: "*/job/update", code });
			const { topic, payload } = await client.ask(`${JOBS}/job/update`, { status: "FAILED", clientToken: "t" });
			assert.equal(topic, `${JOBS}/job/update/rejected`);
			assert.deepEqual([payload.code, payload.clientToken], [code, "t"]);
			const carriesState = code === "VersionMismatch" || code === "InvalidStateTransition";
			assert.deepEqual(payload.executionState, carriesState ? { status: "QUEUED", versionNumber: 1 } : undefined);
			const { url } = emulator.addresses.data;
			const request = { method: "POST", path: "/things/alpha/jobs/job", body: { status: "FAILED" } };
			const { status } = await ask(url, { ...request, ...pemOf(emulator) });
			assert.equal(status, { RequestThrottled: 429, InternalError: 503 }[code as string] ?? 409);
			assert.equal(emulator.service.execution("alpha", "job")?.versionNumber, 1);
			await client.end();
		});
	}

	it("cut, delay and lose: over HTTPS as well", async () => {
		const { url } = emulator.addresses.data;
		const list = () => ask(url, { path: "/things/alpha/jobs", ...pemOf(emulator) });
		emulator.faults.add({ action: "cut", times: 1 });
		await assert.rejects(list());
		emulator.faults.add({ action: "delay", ms: 3_000, times: 1 });
		let answered = false;
		const delayed = list().then(() => {
			answered = true;
		});
		while (log.length < 2) await turns();
		await turns();
		assert.equal(answered, false);
		emulator.clock.advance(3_000);
		await delayed;
		emulator.faults.add({ action: "lose", times: 1 });
		const lost = list();
		lost.catch(() => undefined); // ends with the emulator
		while (log.length < 3) await turns();
	});

	it("restart-broker: connections end; port and persistent sessions are kept", async () => {
		const client = await MqttJsClient.connect(emulator, "alpha", "alpha", { clean: false });
		await client.client.subscribeAsync(`${JOBS}/notify-next`, { qos: 1 });
		const other = await MqttJsClient.connect(emulator, "beta");
		emulator.faults.add({ action: "restart-broker", topic: `${JOBS}/get`, times: 1 });
		client.publish(`${JOBS}/get`, {});
		await Promise.all([client.untilClosed(), other.untilClosed()]);
		queue("job");
		const again = await MqttJsClient.connect(emulator, "alpha", "alpha", { clean: false });
		assert.equal((await again.next(0)).topic, `${JOBS}/notify-next`);
		await again.end();
	});

	it("restart-service: its state and its timers are kept", async () => {
		emulator.service.createJob({ jobId: "over", targets: ["alpha"], document: {} });
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: {}, ...retries({ TIMED_OUT: 1 }) });
		const client = await MqttJsClient.connect(emulator);
		await client.ask(`${JOBS}/over/update`, { status: "SUCCEEDED", statusDetails: { a: "b" } });
		await client.ask(`${JOBS}/start-next`, { stepTimeoutInMinutes: 2 });
		const before = emulator.service.snapshot();
		emulator.faults.add({ action: "restart-service", times: 1 });
		client.publish(`${JOBS}/get`, { clientToken: "lost" });
		assert.equal((await client.ask(`${JOBS}/get`, { clientToken: "t" })).payload.clientToken, "t");
		assert.deepEqual(emulator.service.snapshot(), JSON.parse(JSON.stringify(before)));
		emulator.clock.advance(120_000);
		assert.equal(emulator.service.execution("alpha", "job", 1)?.status, "TIMED_OUT");
		assert.equal(emulator.service.execution("alpha", "job")?.executionNumber, 2);
		await client.end();
	});

	it("a device's job ends although answers are lost and its connection is cut", async () => {
		for (const topic of ["*/start-next/accepted", "*/update/accepted"]) {
			emulator.faults.add({ action: "lose", to: "device", topic, times: 1 });
		}
		emulator.faults.add({ action: "cut", to: "device", topic: "*/job/get/accepted", times: 1 });
		const device = await lab.device(emulator);
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "reboot" } });
		device.powerOn();
		assert.equal((await lab.passing(ended(emulator, "job"))).status, "SUCCEEDED");
		assert.equal(log.filter((line) => line.startsWith("fault: ")).length, 3);
	});

	it("each falls on its thing, direction and topic, after so many, so often", () => {
		const faults = new Faults();
		const hits: string[] = [];
		const undo = faults.add({ action: "lose", thing: "alpha", to: "device", topic: "a/*/c", skip: 1, times: 2 });
		const strike = (thing: string, to: "device" | "service", topic: string) =>
			hits.push(faults.strike(thing, to, topic)?.action ?? "-");
		strike("beta", "device", "a/b/c");
		strike("alpha", "service", "a/b/c");
		strike("alpha", "device", "a/b/d");
		for (let i = 0; i < 4; i += 1) strike("alpha", "device", "a/b/x/c");
		assert.equal(hits.join(" "), "- - - - lose lose -");
		undo();
	});

	it("probability: by chance, but the same in each run", () => {
		const run = (seed: number) => {
			const faults = new Faults();
			faults.add({ action: "lose", probability: 0.25, seed });
			return Array.from({ length: 1_000 }, () => (faults.strike("a", "device", "t") ? 1 : 0));
		};
		assert.deepEqual(run(7), run(7));
		assert.notDeepEqual(run(7), run(8));
		const lost = run(7).reduce<number>((sum, one) => sum + one, 0);
		assert.ok(lost > 200 && lost < 300, `${lost} of 1000`);
	});

	it("are read from the command line, and what is wrong is said", () => {
		assert.deepEqual(readFault("lose,to=device,topic=*/update/accepted,times=1"), {
			action: "lose",
			to: "device",
			topic: "*/update/accepted",
			times: 1,
		} satisfies Fault);
		assert.deepEqual(readFault("error,code=RequestThrottled,probability=0.5,seed=3,skip=0,ms=1,thing=a"), {
			action: "error",
			code: "RequestThrottled",
			probability: 0.5,
			seed: 3,
			skip: 0,
			ms: 1,
			thing: "a",
		} satisfies Fault);
		for (const [text, said] of [
			["", /unknown fault ""; there are lose, delay/],
			["loose", /unknown fault "loose"/],
			["lose,what", /"what": write name=value/],
			["lose,to=me", /to=service or to=device/],
			["error,code=Teapot", /code=InvalidTopic\|/],
			["lose,times=0", /times= takes a whole number, 1 or more/],
			["lose,ms=1.5", /ms= takes/],
			["lose,probability=2", /probability=0..1/],
			["lose,probability=", /probability=0..1/],
		] as const) {
			assert.throws(() => readFault(text), said);
		}
	});
});
