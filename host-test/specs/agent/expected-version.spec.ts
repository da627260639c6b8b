import assert from "node:assert/strict";
import { engines, programFor } from "../kit/engines.js";
import { Lab } from "../kit/lab.js";
import { execution, ScriptedBroker, topics } from "../kit/scripted-broker.js";

/**
 * The headline: none of the peers that speak AWS Jobs keeps the execution's version number across a reset
 * (shared/spec/peers.md, section 1). The versions here are odd ones, so that no constant and no counting gets them right.
 */
for (const engine of engines)
	describe(`The version number survives a reset, the agent in ${engine}:`, () => {
		let bench: Lab;
		let broker: ScriptedBroker;
		let agent: Awaited<ReturnType<typeof programFor>>;
		beforeEach(async () => {
			agent = await programFor(engine);
			bench = new Lab();
			broker = await ScriptedBroker.start();
		});
		afterEach(async () => {
			await bench.clear();
			await broker.close();
		});

		it("the update after a power cut expects the version that the service said before it", async () => {
			const device = await bench.deviceAt("127.0.0.1", broker.port, {
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

		it("an update that was applied while the device lost power is recognised by the version, and not repeated", async () => {
			const device = await bench.deviceAt("127.0.0.1", broker.port, {
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

		it("a final update whose answer was lost is settled from the rejection, with no further request", async () => {
			const device = await bench.deviceAt("127.0.0.1", broker.port, {
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
			bench.clock.advance(10_000);
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
