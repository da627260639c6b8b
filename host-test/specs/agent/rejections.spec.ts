import assert from "node:assert/strict";
import { Lab, type TestDevice, turns } from "../kit/lab.js";
import { execution, type Published, ScriptedBroker, topics } from "../kit/scripted-broker.js";
import { WaitHandler } from "../kit/wait-handler.js";
import { waitingDeviceAt } from "../kit/waiting-device.js";

describe("The agent, against a service that says what the test wants", () => {
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

	/** A device whose job ended REJECTED for its operation: the report has been sent. */
	async function reporting(): Promise<Published> {
		device.powerOn();
		broker.accept(await broker.next(), { execution: execution({ jobDocument: { operation: "dance" } }) });
		return await broker.next();
	}

	for (const code of ["RequestThrottled", "InternalError"]) {
		it(`backs off from ${code}, and sends the same report again`, async () => {
			const update = await reporting();
			broker.reject(update, code);
			await device.said(new RegExp(`rejected: ${code}`));
			bench.clock.advance(60_000);
			const again = await broker.next();
			assert.deepEqual(again.payload, update.payload);
		});
	}

	for (const code of ["TerminalStateReached", "ResourceNotFound"]) {
		it(`lets the execution go at ${code}, and asks for the next`, async () => {
			broker.reject(await reporting(), code);
			assert.equal((await broker.next()).topic, topics.startNext);
		});
	}

	it("takes the version out of a VersionMismatch and reports again with it", async () => {
		const update = await reporting();
		broker.reject(update, "VersionMismatch", { executionState: { status: "IN_PROGRESS", versionNumber: 9 } });
		const again = await broker.next();
		assert.equal(again.payload.expectedVersion, 9);
		assert.equal(again.payload.status, "REJECTED");
	});

	it("does not ask for ever when a VersionMismatch names the very version that was expected", async () => {
		const update = await reporting();
		const executionState = { status: "IN_PROGRESS", versionNumber: update.payload.expectedVersion };
		let requests = 0;
		broker.on("publish", () => {
			requests += 1;
		});
		broker.reject(update, "VersionMismatch", { executionState });
		await device.said(/rejected: VersionMismatch/);
		await turns();
		assert.equal(requests, 0);
		bench.clock.advance(60_000);
		await broker.next();
	});

	it("an InvalidRequest is met by one report with the reason and the code alone, and then by letting go", async () => {
		const update = await reporting();
		broker.reject(update, "InvalidRequest");
		const bare = await broker.next();
		const details = { reason: "unknownOperation", rejected: "InvalidRequest" };
		assert.deepEqual([bare.payload.status, bare.payload.statusDetails], ["REJECTED", details]);
		broker.reject(bare, "InvalidRequest");
		assert.equal((await broker.next()).topic, topics.startNext);
	});

	it("asks for the next execution again an hour after the service refused the question itself", async () => {
		device.powerOn();
		broker.reject(await broker.next(), "InvalidRequest");
		await device.said(/rejected: InvalidRequest/);
		let asked = 0;
		broker.on("publish", () => {
			asked += 1;
		});
		for (let minute = 0; minute < 59; minute += 1) {
			bench.clock.advance(60_000);
			await turns(2);
		}
		assert.equal(asked, 0);
		bench.clock.advance(60_000);
		broker.accept(await broker.next(), { execution: execution() });
		await device.said(/claimed job/);
	});
});

describe("The agent whose report is rejected while a job runs", () => {
	let bench: Lab;
	let broker: ScriptedBroker;
	let handler: WaitHandler;
	let device: TestDevice;
	beforeEach(async () => {
		bench = new Lab();
		broker = await ScriptedBroker.start();
		handler = new WaitHandler();
		device = await waitingDeviceAt(bench, broker, handler);
	});
	afterEach(async () => {
		await bench.clear();
		await broker.close();
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
			broker.reject(update, "InvalidStateTransition", { executionState });
			await device.said(said);
			bench.clock.advance(10_000); // for the notification that does not come
			assert.equal((await next).topic, topics.startNext);
		});
	}

	for (const code of ["InvalidRequest", "InvalidJson", "InvalidTopic", "Teapot"]) {
		it(`${code} for a progress report: said once more with the code alone, then given up; the job goes on`, async () => {
			device.enter(() => handler.context?.progress({ percent: "10" }));
			broker.reject(await broker.next(), code);
			const second = await broker.next();
			assert.deepEqual(second.payload.statusDetails, { rejected: code });
			broker.reject(second, code);
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
});
