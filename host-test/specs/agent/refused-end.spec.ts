import assert from "node:assert/strict";
import { engines, programFor } from "../kit/engines.js";
import { Lab, type TestDevice, turns } from "../kit/lab.js";
import { execution, type Published, ScriptedBroker, topics } from "../kit/scripted-broker.js";

const MINUTE_MS = 60_000;
const job = execution({ jobDocument: { operation: "diagnostics" } });

for (const engine of engines)
	describe(`An end that the service refuses, the agent in ${engine}`, () => {
		let lab: Lab;
		let broker: ScriptedBroker;
		let device: TestDevice;
		beforeEach(async () => {
			lab = new Lab();
			broker = await ScriptedBroker.start();
			const program = await programFor(engine);
			const credentials = await ScriptedBroker.credentials();
			device = await lab.deviceAt("127.0.0.1", broker.port, { credentials, program: () => program });
		});
		afterEach(async () => {
			await lab.clear();
			await broker.close();
		});

		const runs = () => device.lines.filter((line) => line.includes("claimed job")).length;
		const awaited = (topic: string) => lab.passing(heard(topic));

		async function heard(topic: string): Promise<Published> {
			const request = await broker.next();
			assert.equal(request.topic, topic);
			return request;
		}

		/** The job ends, and no report of it is taken. */
		async function refuse(code: string): Promise<void> {
			for (let tries = 0; tries < 2; tries += 1) {
				const from = device.lines.length;
				const update = await broker.next();
				assert.equal(update.payload.status, "SUCCEEDED");
				broker.reject(update, code);
				await device.said(/rejected: /, from);
			}
			await device.said(/job is let go/);
		}

		/** What the device asks while the service tells of the job again and again, and connections end. */
		async function askedInAnHour(): Promise<Published[]> {
			const asked: Published[] = [];
			broker.on("publish", (request) => asked.push(request));
			for (let minute = 0; minute < 58; minute += 1) {
				if (minute % 5 === 1) broker.send(topics.notifyNext, { timestamp: 1, execution: job });
				if (minute % 20 === 10) broker.drop();
				lab.clock.advance(MINUTE_MS);
				await turns(engine === "xs" ? 60 : 20);
			}
			return asked;
		}

		for (const code of ["InvalidRequest", "InvalidJson", "InvalidTopic", "Teapot"]) {
			it(`with ${code} is reported again after an hour, and the job not run`, async () => {
				device.powerOn();
				broker.accept(await heard(topics.startNext), { execution: job });
				await refuse(code);
				assert.deepEqual(await askedInAnHour(), []);
				const from = device.lines.length;
				broker.accept(await awaited(topics.startNext), { execution: job });
				const again = await broker.next();
				const details = { rejected: code };
				assert.deepEqual([again.payload.status, again.payload.statusDetails], ["SUCCEEDED", details]);
				broker.reject(again, code);
				await device.said(/job is let go/, from);
				assert.equal(runs(), 1);
			});
		}

		it("is reported again after a reset, and the job not run; once taken, it is over", async () => {
			device.powerOn();
			broker.accept(await heard(topics.startNext), { execution: job });
			await refuse("InvalidRequest");
			for (const isTaken of [false, true]) {
				const from = device.lines.length;
				const next = awaited(topics.startNext);
				device.reset();
				broker.accept(await next, { execution: { ...job, versionNumber: 5 } });
				const again = await broker.next();
				assert.deepEqual([again.payload.status, again.payload.expectedVersion], ["SUCCEEDED", 5]);
				if (isTaken) broker.accept(again);
				else broker.reject(again, "InvalidRequest");
				await device.said(isTaken ? /job is over/ : /job is let go/, from);
			}
			assert.equal(runs(), 1);
			const next = awaited(topics.startNext);
			device.reset();
			broker.accept(await next, { execution: { ...job, executionNumber: 2 } });
			await device.said(/claimed job #2/);
		});

		it("by a rejected question is kept as well", async () => {
			device.powerOn();
			broker.accept(await heard(topics.startNext), { execution: job });
			await broker.next();
			broker.drop();
			const next = await awaited(topics.describe());
			broker.reject(next, "InvalidRequest");
			await device.said(/job is let go/);
			const start = awaited(topics.startNext);
			device.reset();
			broker.accept(await start, { execution: job });
			assert.equal((await broker.next()).payload.status, "SUCCEEDED");
			assert.equal(runs(), 1);
		});
	});
