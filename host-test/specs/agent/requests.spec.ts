import assert from "node:assert/strict";
import { invalid } from "../../emulator/schemas/messages.js";
import { Lab, type TestDevice, turns } from "../kit/lab.js";
import { execution, type Published, ScriptedBroker } from "../kit/scripted-broker.js";
import { WaitHandler } from "../kit/wait-handler.js";
import { waitingDeviceAt } from "../kit/waiting-device.js";

describe("The agent's requests", () => {
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

	it("are valid by the schemas", async () => {
		const seen: Published[] = [];
		broker.on("publish", (publish) => seen.push(publish));
		const update = await reporting();
		broker.accept(update);
		device.reset();
		await broker.next();
		for (const { topic, payload } of seen) {
			const type = topic.endsWith("/update") ? "UpdateJobExecutionRequest" : "StartNextPendingJobExecutionRequest";
			assert.equal(invalid(type, payload), undefined);
		}
	});

	it("reject an unknown operation with its name and the known ones", async () => {
		const { payload } = await reporting();
		assert.equal(payload.status, "REJECTED");
		assert.deepEqual(payload.statusDetails, {
			reason: "unknownOperation",
			operation: "dance",
			known: "reboot ota file config rotate-certificate diagnostics erase",
		});
	});
});

describe("The agent's progress reports", () => {
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

	it("are joined when they come too fast; the last one arrives", async () => {
		const reports: unknown[] = [];
		let version = 2;
		broker.on("publish", (publish) => {
			reports.push(publish.payload.statusDetails);
			version += 1;
			broker.accept(publish, { executionState: { status: publish.payload.status, versionNumber: version } });
		});
		for (let second = 0; second < 10; second += 1) {
			for (let i = 0; i < 10; i += 1) {
				device.enter(() => handler.context?.progress({ percent: String(second * 10 + i) }));
			}
			await turns();
			lab.clock.advance(1_000);
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

	it("go out at once before a reset", async () => {
		device.enter(() => handler.context?.progress({ percent: "10" }));
		broker.accept(await broker.next(), { executionState: { status: "IN_PROGRESS", versionNumber: 3 } });
		await turns();
		const next = broker.next();
		device.enter(() => {
			handler.context?.progress({ percent: "99" });
			handler.context?.restart();
		});
		assert.deepEqual((await next).payload.statusDetails, { percent: "99" });
	});
});
