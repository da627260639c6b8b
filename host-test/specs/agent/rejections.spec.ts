import assert from "node:assert/strict";
import { Lab, type TestDevice, turns } from "../kit/lab.js";
import { execution, type Published, ScriptedBroker, topics } from "../kit/scripted-broker.js";
import { WaitHandler } from "../kit/wait-handler.js";
import { waitingDeviceAt } from "../kit/waiting-device.js";

describe("A rejected request", () => {
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

	/** A device whose job ended REJECTED for its operation: the report has been sent. */
	async function reporting(): Promise<Published> {
		device.powerOn();
		broker.accept(await broker.next(), { execution: execution({ jobDocument: { operation: "dance" } }) });
		return await broker.next();
	}

	for (const code of ["RequestThrottled", "InternalError"]) {
		it(`${code}: the agent backs off, and sends the same report again`, async () => {
			const update = await reporting();
			broker.reject(update, code);
			await device.said(new RegExp(`rejected: ${code}`));
			lab.clock.advance(60_000);
			const again = await broker.next();
			assert.deepEqual(again.payload, update.payload);
		});
	}

	for (const code of ["TerminalStateReached", "ResourceNotFound"]) {
		it(`${code}: the agent lets the execution go, and asks for the next`, async () => {
			broker.reject(await reporting(), code);
			assert.equal((await broker.next()).topic, topics.startNext);
		});
	}

	it("VersionMismatch: the agent reports again with the version in it", async () => {
		const update = await reporting();
		broker.reject(update, "VersionMismatch", { executionState: { status: "IN_PROGRESS", versionNumber: 9 } });
		const again = await broker.next();
		assert.equal(again.payload.expectedVersion, 9);
		assert.equal(again.payload.status, "REJECTED");
	});

	it("VersionMismatch that names the expected version: the agent backs off", async () => {
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
		lab.clock.advance(60_000);
		await broker.next();
	});

	it("InvalidRequest: one report with reason and code alone, then it is let go", async () => {
		const update = await reporting();
		broker.reject(update, "InvalidRequest");
		const bare = await broker.next();
		const details = { reason: "unknownOperation", rejected: "InvalidRequest" };
		assert.deepEqual([bare.payload.status, bare.payload.statusDetails], ["REJECTED", details]);
		broker.reject(bare, "InvalidRequest");
		await device.said(/job is let go/);
	});

	it("InvalidRequest for StartNext: the agent asks again after an hour", async () => {
		device.powerOn();
		broker.reject(await broker.next(), "InvalidRequest");
		await device.said(/rejected: InvalidRequest/);
		let asked = 0;
		broker.on("publish", () => {
			asked += 1;
		});
		for (let minute = 0; minute < 59; minute += 1) {
			lab.clock.advance(60_000);
			await turns(2);
		}
		assert.equal(asked, 0);
		lab.clock.advance(60_000);
		broker.accept(await broker.next(), { execution: execution() });
		await device.said(/claimed job/);
	});
});

describe("A rejected report of a running job", () => {
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

	for (const [what, executionState, said] of [
		["ended by another", { status: "CANCELED", versionNumber: 3 }, /job is let go: it is CANCELED/],
		["ended by this very report", { status: "SUCCEEDED", versionNumber: 3 }, /has applied SUCCEEDED already/],
	] as const) {
		it(`InvalidStateTransition, ${what}: settled by the state in it`, async () => {
			device.enter(() => handler.context?.succeed());
			const update = await broker.next();
			const next = broker.next();
			broker.reject(update, "InvalidStateTransition", { executionState });
			await device.said(said);
			lab.clock.advance(10_000); // for the notification that does not come
			assert.equal((await next).topic, topics.startNext);
		});
	}

	for (const code of ["InvalidRequest", "InvalidJson", "InvalidTopic", "Teapot"]) {
		it(`${code}: one report with the code alone follows, and the job goes on`, async () => {
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
			lab.clock.advance(30_000);
			await turns();
			assert.equal(more, 0);
			const final = broker.next();
			device.enter(() => handler.context?.succeed({ done: "yes" }));
			assert.deepEqual((await final).payload.statusDetails, { done: "yes" });
		});
	}
});
