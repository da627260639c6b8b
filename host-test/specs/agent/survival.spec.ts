import assert from "node:assert/strict";
import { retries } from "../kit/job-config.js";
import { ended, Lab, type TestDevice, type TestEmulator, turns } from "../kit/lab.js";
import { mainWith } from "../kit/main-with.js";
import { execution, ScriptedBroker, topics } from "../kit/scripted-broker.js";
import { WaitHandler } from "../kit/wait-handler.js";

const MINUTE = 60_000;

describe("The agent survives an operator who changes his mind", () => {
	let bench: Lab;
	let emulator: TestEmulator;
	let handler: WaitHandler;
	let device: TestDevice;
	beforeEach(async () => {
		bench = new Lab();
		emulator = await bench.emulator();
		handler = new WaitHandler();
		device = await bench.device(emulator, { program: () => () => mainWith([handler]) });
		emulator.service.createJob({
			...{ jobId: "job", targets: ["alpha"], document: { operation: "wait" } },
			timeoutConfig: { inProgressTimeoutInMinutes: 10 },
		});
		device.powerOn();
		await device.said(/job waits/);
		emulator.service.createJob({ jobId: "next", targets: ["alpha"], document: { operation: "dance" } });
	});
	afterEach(() => bench.clear());

	for (const [what, take, status] of [
		["cancelled", () => emulator.service.execute("alpha", { type: "cancel", jobId: "job", force: true }), "CANCELED"],
		["removed", () => emulator.service.execute("alpha", { type: "remove", jobId: "job" }), "REMOVED"],
		["timed out", () => emulator.clock.advance(10 * MINUTE), "TIMED_OUT"],
		[
			"deleted",
			() => emulator.service.execute("alpha", { type: "delete", jobId: "job", executionNumber: 1, force: true }),
			undefined,
		],
		["deleted with its job", () => void emulator.service.deleteJob("job", true), undefined],
	] as const) {
		it(`an execution that is ${what} while it runs: the handler is told once, and the next job starts`, async () => {
			take();
			assert.equal((await ended(emulator, "next")).status, "REJECTED");
			assert.deepEqual(handler.told, ["start job", "cancel"]);
			assert.equal(emulator.service.execution("alpha", "job")?.status, status);
			assert.equal(device.aborts, 0);
			// Whatever the handler still says is not heard.
			const { context } = handler;
			device.enter(() => {
				context?.progress({ a: "b" });
				context?.checkpoint(new Uint8Array([1]));
				context?.succeed();
				context?.restart();
			});
			await turns();
			assert.equal(emulator.service.execution("alpha", "job")?.status, status);
			assert.equal(device.boots, 1);
		});
	}

	it("the notification of it is lost: the next report tells", async () => {
		emulator.faults.add({ action: "lose", to: "device", topic: "*/notify-next" });
		emulator.service.execute("alpha", { type: "cancel", jobId: "job", force: true });
		await turns();
		assert.deepEqual(handler.told, ["start job"]);
		device.enter(() => handler.context?.progress({ percent: "50" }));
		assert.equal((await ended(emulator, "next")).status, "REJECTED");
		assert.deepEqual(handler.told, ["start job", "cancel"]);
	});

	it("a job that is made while the device is away is found at the next connection", async () => {
		device.enter(() => handler.context?.succeed());
		await ended(emulator, "next");
		await device.said(/next is over/);
		emulator.faults.add({ action: "lose", to: "device", topic: "*/notify-next" });
		emulator.broker.disconnect("alpha");
		emulator.service.createJob({ jobId: "missed", targets: ["alpha"], document: { operation: "dance" } });
		await device.said(/connection given up/);
		assert.equal((await ended(emulator, "missed")).status, "REJECTED");
	});

	it("a retry by the service is another execution of the same job, and is run as such", async () => {
		emulator.service.execute("alpha", { type: "cancel", jobId: "job", force: true });
		await ended(emulator, "next");
		emulator.service.createJob({
			...{ jobId: "again", targets: ["alpha"], document: { operation: "wait" } },
			...retries({ FAILED: 1 }),
		});
		await device.said(/again waits/);
		const from = device.lines.length;
		device.enter(() => handler.context?.fail("handlerError"));
		await device.said(/claimed again #2/, from);
		await device.said(/again waits/, from);
		device.enter(() => handler.context?.succeed());
		await turns(40);
		assert.equal(emulator.service.execution("alpha", "again", 1)?.status, "FAILED");
		assert.equal((await ended(emulator, "again")).status, "SUCCEEDED");
	});
});

describe("The agent survives another client on its own thing", () => {
	let bench: Lab;
	let emulator: TestEmulator;
	let handler: WaitHandler;
	let device: TestDevice;
	beforeEach(async () => {
		bench = new Lab();
		emulator = await bench.emulator();
		handler = new WaitHandler();
		device = await bench.device(emulator, { program: () => () => mainWith([handler]) });
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "wait" } });
		device.powerOn();
		await device.said(/job waits/);
	});
	afterEach(() => bench.clear());

	const meddle = () =>
		emulator.service.execute("alpha", { type: "update", jobId: "job", request: { status: "IN_PROGRESS" } });

	it("that changes the execution once: the report is made with the new version", async () => {
		meddle();
		device.enter(() => handler.context?.succeed({ done: "yes" }));
		const { status, versionNumber } = await ended(emulator, "job");
		assert.deepEqual([status, versionNumber], ["SUCCEEDED", 4]);
	});

	it("that runs it: the execution is let go, and not claimed again; the next one is done", async () => {
		const requests: string[] = [];
		emulator.broker.on("message", ({ from, topic }) => {
			if (from === "device") requests.push(topic);
			// Whenever the device reports, somebody else has been quicker.
			if (from === "device" && topic.endsWith("/job/update")) meddle();
		});
		device.enter(() => handler.context?.succeed());
		await device.said(/job is let go: another client runs it/);
		await turns();
		const before = requests.length;
		bench.clock.advance(30_000);
		await turns();
		assert.equal(requests.length, before, "nothing is asked for");
		emulator.service.createJob({ jobId: "next", targets: ["alpha"], document: { operation: "dance" } });
		emulator.service.execute("alpha", { type: "update", jobId: "job", request: { status: "SUCCEEDED" } });
		assert.equal((await ended(emulator, "next")).status, "REJECTED");
	});
});

describe("The agent survives an odd service", () => {
	let bench: Lab;
	let broker: ScriptedBroker;
	let handler: WaitHandler;
	let device: TestDevice;
	beforeEach(async () => {
		bench = new Lab();
		broker = await ScriptedBroker.start();
		handler = new WaitHandler();
		const credentials = await ScriptedBroker.credentials();
		device = await bench.deviceAt("127.0.0.1", broker.port, { credentials, program: () => () => mainWith([handler]) });
		device.powerOn();
		accept(await broker.next(), { execution: running });
		await device.said(/job waits/);
	});
	afterEach(async () => {
		await bench.clear();
		await broker.close();
	});

	type Published = Awaited<ReturnType<ScriptedBroker["next"]>>;
	const running = execution({ jobDocument: { operation: "wait" } });

	function answer(outcome: string, { topic, payload: { clientToken } }: Published, members: object = {}): void {
		broker.send(`${topic}/${outcome}`, { clientToken, timestamp: 1, ...members });
	}
	const accept = (request: Published, members: object = {}) => answer("accepted", request, members);
	const reject = (request: Published, code: string) => answer("rejected", request, { code, message: "" });

	it("an answer that comes twice, and one that comes late, do nothing", async () => {
		device.enter(() => handler.context?.progress({ percent: "10" }));
		const first = await broker.next();
		const state = { executionState: { status: "IN_PROGRESS", versionNumber: 3 } };
		accept(first, state);
		accept(first, state);
		device.enter(() => handler.context?.succeed());
		const last = await broker.next();
		assert.equal(last.payload.expectedVersion, 3);
		accept(first, { executionState: { status: "IN_PROGRESS", versionNumber: 9 } });
		await device.said(/ignored: .*client token/);
		accept(last);
		await device.said(/job is over/);
	});

	it("a notification that overtakes the answer, and one for the job that runs, do nothing", async () => {
		broker.send(topics.notifyNext, { timestamp: 1, execution: running });
		device.enter(() => handler.context?.succeed());
		const update = await broker.next();
		broker.send(topics.notifyNext, { timestamp: 2 });
		accept(update, { executionState: { status: "SUCCEEDED", versionNumber: 3 } });
		await device.said(/job is over/);
		assert.deepEqual(handler.told, ["start job"]);
	});

	for (const [what, executionState, said] of [
		["that another has ended", { status: "CANCELED", versionNumber: 3 }, /job is let go: it is CANCELED/],
		[
			"that the very report has ended before",
			{ status: "SUCCEEDED", versionNumber: 3 },
			/has applied SUCCEEDED already/,
		],
	] as const) {
		it(`InvalidStateTransition for an execution ${what} is settled from its state: no question follows but for the next job`, async () => {
			device.enter(() => handler.context?.succeed());
			const update = await broker.next();
			const next = broker.next();
			answer("rejected", update, { code: "InvalidStateTransition", message: "", executionState });
			await device.said(said);
			bench.clock.advance(10_000); // for the notification that does not come
			assert.equal((await next).topic, topics.startNext);
		});
	}

	for (const code of ["InvalidRequest", "InvalidJson", "InvalidTopic", "Teapot"]) {
		it(`${code} for a progress report: said once more with the code alone, then given up; the job goes on`, async () => {
			device.enter(() => handler.context?.progress({ percent: "10" }));
			reject(await broker.next(), code);
			const second = await broker.next();
			assert.deepEqual(second.payload.statusDetails, { rejected: code });
			reject(second, code);
			await device.said(new RegExp(`rejected: ${code}`), device.lines.length - 1);
			let more = 0;
			broker.on("publish", () => {
				more += 1;
			});
			await turns();
			bench.clock.advance(30_000);
			await turns();
			assert.equal(more, 0);
			const final = broker.next();
			device.enter(() => handler.context?.succeed({ done: "yes" }));
			assert.deepEqual((await final).payload.statusDetails, { done: "yes" });
		});
	}

	it("the last word arrives, however fast progress comes; what comes in between is joined", async () => {
		const reports: unknown[] = [];
		let version = 2;
		broker.on("publish", (publish) => {
			reports.push(publish.payload.statusDetails);
			version += 1;
			accept(publish, { executionState: { status: publish.payload.status, versionNumber: version } });
		});
		for (let second = 0; second < 10; second += 1) {
			for (let i = 0; i < 10; i += 1) {
				device.enter(() => handler.context?.progress({ percent: String(second * 10 + i) }));
			}
			await turns();
			bench.clock.advance(1_000);
			await turns();
		}
		const count = reports.length;
		assert.ok(count >= 10 && count <= 12, `${count} reports of 100`);
		assert.deepEqual(reports.at(-1), { percent: "99" });
		device.enter(() => handler.context?.progress({ percent: "100" }));
		device.enter(() => handler.context?.succeed({ done: "yes" }));
		await device.said(/job is over/);
		assert.deepEqual(reports.slice(count), [{ done: "yes" }]);
	});

	it("what is reported before a reset goes out at once", async () => {
		device.enter(() => handler.context?.progress({ percent: "10" }));
		accept(await broker.next(), { executionState: { status: "IN_PROGRESS", versionNumber: 3 } });
		await turns();
		const next = broker.next();
		device.enter(() => {
			handler.context?.progress({ percent: "99" });
			handler.context?.restart();
		});
		assert.deepEqual((await next).payload.statusDetails, { percent: "99" });
	});
});
