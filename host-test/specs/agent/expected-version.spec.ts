import assert from "node:assert/strict";
import { engines, programFor } from "../kit/engines.js";
import { Lab } from "../kit/lab.js";
import { execution, ScriptedBroker, topics } from "../kit/scripted-broker.js";

/**
 * A device that does not keep the execution's version number across a reset has to guess it, or to report without it: the
 * ESP32 reference sends a constant (FreeRTOS/iot-reference-esp32#120). The versions here are arbitrary ones, so that neither
 * a constant nor counting gets them right.
 */
for (const engine of engines)
	describe(`The expected version after a reset, the agent in ${engine}`, () => {
		let lab: Lab;
		let broker: ScriptedBroker;
		let agent: Awaited<ReturnType<typeof programFor>>;
		beforeEach(async () => {
			agent = await programFor(engine);
			lab = new Lab();
			broker = await ScriptedBroker.start();
		});
		afterEach(async () => {
			await lab.clear();
			await broker.close();
		});

		it("is the one that the service told the device before the power cut", async () => {
			const device = await lab.deviceAt("127.0.0.1", broker.port, {
				credentials: await ScriptedBroker.credentials(),
				program: () => agent,
			});
			device.powerOn();
			const start = await broker.next();
			assert.equal(start.topic, topics.startNext);
			const claimed = execution({ versionNumber: 417, executionNumber: 3 });
			broker.send(`${start.topic}/accepted`, { clientToken: start.payload.clientToken, execution: claimed });

			const progress = await broker.next();
			assert.equal(progress.topic, topics.update());
			assert.equal(progress.payload.expectedVersion, 417);
			assert.equal(progress.payload.executionNumber, 3);
			// The update is lost with the power, and so is any answer to it.
			device.cutPower();
			device.powerOn();

			const describe = await broker.next();
			assert.equal(describe.topic, topics.describe());
			assert.equal(describe.payload.executionNumber, 3, "the agent asks for the execution that its record holds");
			broker.send(`${describe.topic}/accepted`, { clientToken: describe.payload.clientToken, execution: claimed });
			const final = await broker.next();
			assert.equal(final.payload.status, "SUCCEEDED");
			assert.equal(final.payload.expectedVersion, 417, "the first report was not applied: the version is as before");
		});

		it("shows that an unanswered update was applied: it is not repeated", async () => {
			const device = await lab.deviceAt("127.0.0.1", broker.port, {
				credentials: await ScriptedBroker.credentials(),
				program: () => agent,
			});
			device.powerOn();
			const start = await broker.next();
			broker.send(`${start.topic}/accepted`, {
				clientToken: start.payload.clientToken,
				execution: execution({ versionNumber: 17 }),
			});
			const progress = await broker.next();
			assert.equal(progress.payload.status, "IN_PROGRESS");
			device.cutPower();
			device.powerOn();
			const describe = await broker.next();
			broker.send(`${describe.topic}/accepted`, {
				clientToken: describe.payload.clientToken,
				execution: execution({ versionNumber: 18 }),
			});
			const final = await broker.next();
			assert.equal(final.payload.status, "SUCCEEDED", "the report is not sent again: the job goes on");
			assert.equal(final.payload.expectedVersion, 18);
		});

		it("of an applied final update is settled from the rejection alone", async () => {
			const device = await lab.deviceAt("127.0.0.1", broker.port, {
				credentials: await ScriptedBroker.credentials(),
				program: () => agent,
			});
			device.powerOn();
			const start = await broker.next();
			const unknown = execution({ versionNumber: 5, jobDocument: { operation: "dance" } });
			broker.send(`${start.topic}/accepted`, { clientToken: start.payload.clientToken, execution: unknown });
			const first = await broker.next();
			assert.equal(first.payload.status, "REJECTED");
			// No answer: the time limit brings the update again, word for word.
			lab.clock.advance(10_000);
			const second = await broker.next();
			assert.deepEqual(second.payload, first.payload);
			const requests: string[] = [];
			broker.on("publish", ({ topic }) => requests.push(topic));
			broker.send(`${second.topic}/rejected`, {
				code: "InvalidStateTransition",
				message: "Update from REJECTED to REJECTED is not allowed",
				clientToken: second.payload.clientToken,
				timestamp: 1,
				executionState: { status: "REJECTED", versionNumber: 6 },
			});
			await device.said(/applied REJECTED already/);
			await device.said(/job is over/);
			assert.deepEqual(requests, []);
			device.reset();
			assert.equal((await broker.next()).topic, topics.startNext, "the record is empty: nothing is held any more");
		});
	});
